package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.proxy.config.TimelineRegression;
import org.pgkeel.proxy.postgres.PatroniStub;

/// A cluster of real servers whose Patroni says what the test wants.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PatroniWatchTest {
    private final TrialCluster servers = new TrialCluster("", Map.of());

    @AfterAll
    void stop() {
        servers.close();
    }

    @Test
    void members_leaders_and_maintenance_are_what_patroni_says_as_far_as_the_servers_agree() {
        NodeAddress first = servers.nodes().getFirst();
        NodeAddress second = servers.nodes().getLast();
        var members = new LinkedHashMap<String, NodeAddress>();
        members.put("n1", first);
        members.put("n2", second);
        try (PatroniStub patroni = PatroniStub.start(members); var watched = WatchedCluster.ofPatroni(List.of(patroni.url("n1")), TimelineRegression.HOLD)) {
            Cluster cluster = watched.cluster();
            watched.awaitPrimary(first);
            // Only the first was named in the configuration.
            await(() -> cluster.topology().replicas().stream().map(Replica::address).toList().equals(List.of(second)));
            assertThat(cluster.topology().replicas().getFirst().name()).isEqualTo("n2");
            await(() -> cluster.hold() instanceof Hold.Open);

            patroni.paused(true);
            await(() -> cluster.topology().flags().contains(Topology.Flag.PAUSED));
            assertThat(cluster.primary()).isEqualTo(first);
            patroni.paused(false);
            await(() -> !cluster.topology().flags().contains(Topology.Flag.PAUSED));

            // Nobody has the leader key: clients wait, though the server takes writes.
            patroni.leader(Optional.empty());
            await(() -> cluster.primary() == null);
            await(() -> cluster.hold() instanceof Hold.Holding);
            patroni.leader(Optional.of("n1"));
            watched.awaitPrimary(first);
            assertThat(cluster.reign()).as("it is the same run of the same server").isEqualTo(1);
            await(() -> watched.events.contains("not lost 1"));

            // Patroni names a leader that takes no writes yet: nobody is sent there.
            servers.awaitStreaming();
            servers.killAll();
            patroni.leader(Optional.of("n2"));
            await(() -> cluster.primary() == null);
            servers.promote();
            patroni.timeline(2);
            watched.awaitPrimary(second);
            assertThat(cluster.reign()).isEqualTo(2);
            assertThat(cluster.current().timeline()).isEqualTo(2);
            assertThat(watched.events).contains("found 2 " + second).doesNotContain("found 3 " + first);
        }
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await().pollInterval(Duration.ofMillis(5)).until(condition);
    }
}
