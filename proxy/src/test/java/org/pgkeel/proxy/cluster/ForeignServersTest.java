package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.proxy.config.TimelineRegression;
import org.pgkeel.proxy.postgres.PatroniStub;

/// Where a member listens there is a server of another cluster: its address was given to somebody else, or a name leads elsewhere.
class ForeignServersTest {
    private static final PollErrors.Key NONSENSE = new PollErrors.Key("n3", "postgresql", NodeReply.Kind.NONSENSE.word());

    @Test
    void neither_a_replica_nor_a_primary_of_another_cluster_is_one_of_this() {
        try (var ours = new TrialCluster("", Map.of()); var others = new TrialCluster("", Map.of())) {
            var members = new LinkedHashMap<String, NodeAddress>();
            members.put("n1", ours.nodes().getFirst());
            members.put("n2", ours.nodes().getLast());
            NodeAddress foreign = others.nodes().getLast();
            members.put("n3", foreign);
            try (PatroniStub patroni = PatroniStub.start(members); var watched = WatchedCluster.ofPatroni(List.of(patroni.url("n1")), TimelineRegression.HOLD)) {
                watched.awaitPrimary(ours.nodes().getFirst());
                Awaitility.await().until(() -> watched.cluster().errors().counts().containsKey(NONSENSE));
                Awaitility.await().until(() -> watched.cluster().topology().replicas().stream().map(Replica::name).toList().equals(List.of("n2")));
                assertThat(watched.cluster().primary()).isEqualTo(ours.nodes().getFirst());

                // Its own Patroni calls it the leader, which it is, of the other cluster, and on a higher timeline.
                patroni.silentMap("n3", true);
                patroni.view("n3", Optional.of("n3"));
                others.killAll();
                others.promote();
                long before = watched.cluster().errors().counts().get(NONSENSE).sum();
                Awaitility.await().until(() -> watched.cluster().errors().counts().get(NONSENSE).sum() > before + 3);
                assertThat(watched.cluster().primary()).isEqualTo(ours.nodes().getFirst());
                assertThat(watched.events).doesNotContain("found 2 " + foreign);
            }
        }
    }
}
