package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.proxy.embedded.ServerSettings;

/// A cluster without Patroni, of real servers.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodesWatchTest {
    private final TrialCluster servers = new TrialCluster("", Map.of());

    @AfterAll
    void stop() {
        servers.close();
    }

    @Test
    void roles_reigns_doubts_and_positions_are_what_the_servers_say() {
        List<NodeAddress> nodes = servers.nodes();
        NodeAddress first = nodes.getFirst();
        NodeAddress second = nodes.getLast();
        // A node that refuses has answered.
        try (var watched = WatchedCluster.ofNodes(List.of(new NodeAddress("127.0.0.1", ServerSettings.freePort()), first))) {
            watched.awaitPrimary(first);
        }
        try (var watched = WatchedCluster.ofNodes(nodes)) {
            Cluster cluster = watched.cluster();
            watched.awaitPrimary(first);
            await(() -> cluster.topology().replicas().size() == 1);
            assertThat(cluster.current().timeline()).isEqualTo(1);
            await(() -> cluster.hold() instanceof Hold.Open);
            assertThat(cluster.topology().replicas().getFirst()).satisfies(replica -> {
                assertThat(replica.address()).isEqualTo(second);
                assertThat(replica.timeline()).isEqualTo(1);
                assertThat(replica.endpoints()).contains(Replica.READ_ONLY);
            });

            // A doubt that means nothing is over at once, and the reign lasts.
            cluster.doubt(first, DoubtReason.CONNECTION_LOST);
            await(() -> watched.events.contains("not lost 1"));
            assertThat(cluster.reign()).isEqualTo(1);
            cluster.doubt(first, DoubtReason.CANNOT_CONNECT_NOW);
            await(() -> watched.events.stream().filter("not lost 1"::equals).count() >= 2);

            // A write is worth a question for half a second after a read.
            long now = System.nanoTime();
            assertThat(cluster.isReadLately(now)).isFalse();
            cluster.reads(now);
            assertThat(cluster.isReadLately(now)).isTrue();
            assertThat(cluster.isReadLately(now + 499_000_000)).isTrue();
            assertThat(cluster.isReadLately(now + 500_000_000)).isFalse();

            // What was acknowledged before now is on the replica soon.
            await(() -> {
                cluster.wantFreshness();
                long asOf = cluster.replica(second).freshAsOfNanos();
                return asOf != Cluster.NEVER && asOf - now > 0;
            });
            assertThat(cluster.replica(second).lagBytes()).isLessThan(1_000_000);

            // A crash recovery is another reign of the same server on the same timeline.
            servers.crashBackend(Long.parseLong(servers.primaryServer().query("postgres", "select pid from pg_stat_activity where backend_type = 'client backend' and application_name = 'pgkeel monitor' limit 1")));
            await(() -> cluster.reign() == 2);
            assertThat(cluster.current().address()).isEqualTo(first);
            assertThat(cluster.current().timeline()).isEqualTo(1);
            await(() -> cluster.hold().equals(new Hold.Draining(2)));
            cluster.drained(2);
            await(() -> cluster.hold().isOpen());

            servers.awaitStreaming();
            servers.killAll();
            await(() -> cluster.primary() == null);
            servers.promote();
            watched.awaitPrimary(second);
            assertThat(cluster.reign()).isEqualTo(3);
            assertThat(cluster.current().timeline()).isEqualTo(2);
            assertThat(watched.events).contains("found 2 " + first, "lost primary_lost", "found 3 " + second);
        }
    }

    /// It comes to whoever replaces the watch, which does not watch yet. As long as it is not looked at, nor are those that come behind it.
    @Test
    void a_doubt_that_comes_before_there_is_a_watch_is_looked_at_when_it_begins() {
        try (var watched = WatchedCluster.ofNodes(servers.nodes())) {
            await(() -> watched.cluster().primary() != null);
            NodeAddress primary = watched.cluster().primary();
            var cluster = new Cluster(watched.cluster().config(), watched.cluster().rooms());
            var lost = new CopyOnWriteArrayList<HoldReason>();
            cluster.addListener(new LostListener(lost));
            cluster.doubt(primary, DoubtReason.CONNECTION_LOST);
            cluster.history().toCompletableFuture().join();   // The thread of the cluster rooms is past the doubt.
            cluster.start();
            await(() -> primary.equals(cluster.primary()));
            cluster.doubt(primary, DoubtReason.CONNECTION_LOST);
            await(() -> lost.contains(HoldReason.DOUBTED));
            cluster.end();
        }
    }

    private record LostListener(List<HoldReason> lost) implements ClusterListener {
        @Override
        public void primaryLost(HoldReason reason) {
            lost.add(reason);
        }

        @Override
        public void primaryFound(Reign reign) {}

        @Override
        public void primaryNotLost(Reign reign) {}

        @Override
        public void replicaIsAnother(NodeAddress node) {}

        @Override
        public void replicasChanged() {}
    }

    private static void await(java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await().pollInterval(Duration.ofMillis(5)).until(condition);
    }
}
