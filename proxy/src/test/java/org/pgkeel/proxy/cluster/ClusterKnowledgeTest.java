package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.failover.watch.LeaderLease;
import org.pgkeel.failover.watch.PrimaryWatch;
import org.pgkeel.failover.watch.Strays;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.HoldConfig;
import org.pgkeel.proxy.config.MonitorConfig;
import org.pgkeel.proxy.config.OutcomeMode;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.TimelineRegression;
import org.pgkeel.proxy.config.TlsMode;

/// What a reload makes invalid is not handed over.
class ClusterKnowledgeTest {
    private static final NodeAddress A = new NodeAddress("a", 5432);
    private static final NodeAddress B = new NodeAddress("b", 5432);
    private static final NodeAddress C = new NodeAddress("c", 5432);
    private static final Lifetime LIFE = new Lifetime("start", "reset");
    private static final Reign REIGN = new Reign(3, A, 7, LIFE);
    private static final ClusterKnowledge KNOWN = new ClusterKnowledge(REIGN, new PrimaryWatch.Known(new Primary("a:5432", A, 7, LIFE), 10), false, Strays.Known.NOTHING,
            List.of(member(A), member(B)), ClusterDocuments.Known.NOTHING, LeaderLease.DEFAULT);

    private static WatchedMember.Known member(NodeAddress node) {
        return WatchedMember.Known.byName(node.toString(), node, Optional.empty(), 10);
    }

    private static ClusterConfig nodes(NodeAddress... nodes) {
        return config(List.of(nodes), Optional.empty());
    }

    private static ClusterConfig patroni(String... urls) {
        var tls = new PatroniConfig.Tls(Optional.empty(), Optional.empty(), Optional.empty(), PatroniConfig.Verify.FULL);
        return config(List.of(), Optional.of(new PatroniConfig(List.of(urls).stream().map(URI::create).toList(), Duration.ofSeconds(1), Duration.ofSeconds(1), Optional.empty(), tls)));
    }

    private static ClusterConfig config(List<NodeAddress> nodes, Optional<PatroniConfig> patroni) {
        return new ClusterConfig("main", nodes, patroni, Optional.of(new MonitorConfig("postgres", Optional.empty(), "postgres")), HoldConfig.DEFAULT, OutcomeMode.OFF,
                TimelineRegression.HOLD, new BackendTlsConfig(TlsMode.DISABLE, Optional.empty(), Optional.empty(), Optional.empty()));
    }

    @Test
    void a_node_that_is_listed_no_more_is_not_known_and_the_others_are() {
        ClusterKnowledge within = KNOWN.within(nodes(A, C), nodes(A, B), 20);
        assertThat(within.watch()).isEqualTo(KNOWN.watch());
        assertThat(within.members()).containsExactly(member(A));
    }

    @Test
    void of_a_primary_that_is_listed_no_more_nothing_but_its_reign_is_known() {
        assertThat(KNOWN.within(nodes(B, C), nodes(A, B), 20)).isEqualTo(ClusterKnowledge.nothingBut(REIGN, 20));
    }

    @Test
    void members_that_have_other_names_from_now_on_are_not_known() {
        assertThat(KNOWN.within(patroni("http://a:8008"), nodes(A, B), 20)).isEqualTo(ClusterKnowledge.nothingBut(REIGN, 20));
        assertThat(KNOWN.within(nodes(A, B), patroni("http://a:8008"), 20)).isEqualTo(ClusterKnowledge.nothingBut(REIGN, 20));
    }

    @Test
    void whom_patroni_names_is_known_whoever_is_asked_first() {
        assertThat(KNOWN.within(patroni("http://a:8008", "http://c:8008"), patroni("http://a:8008"), 20)).isSameAs(KNOWN);
    }

    @Test
    void of_whom_patroni_named_nobody_is_known_where_one_of_its_urls_is_listed_no_more() {
        assertThat(KNOWN.within(patroni("http://c:8008", "http://d:8008"), patroni("http://a:8008", "http://b:8008", "http://c:8008"), 20)).as("another cluster, which has one of its machines")
                .isEqualTo(ClusterKnowledge.nothingBut(REIGN, 20));
        assertThat(KNOWN.within(patroni("http://a:8008"), patroni("http://a:8008", "http://c:8008"), 20)).as("a wrong one").isEqualTo(ClusterKnowledge.nothingBut(REIGN, 20));
    }
}
