package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.proxy.config.TimelineRegression;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.server.ReplicatedPostgres;

/// Two servers make timeline 2: the second of them is promoted before it has heard of the first one's.
class ForkedTimelineTest {
    @Test
    void a_server_of_the_timeline_that_was_given_up_is_no_replica_until_it_is_made_anew() throws IOException {
        try (var postgres = new ReplicatedPostgres(2)) {
            PostgresServer first = postgres.replica(0);
            PostgresServer second = postgres.replica(1);
            try (var watched = WatchedCluster.ofNodes(List.of(address(postgres.primary()), address(first), address(second)))) {
                watched.awaitPrimary(address(postgres.primary()));
                postgres.primary().kill();
                first.execute("postgres", "select pg_promote()");
                watched.awaitPrimary(address(first));
                first.execute("postgres", "checkpoint");
                first.kill();
                second.execute("postgres", "select pg_promote()");
                watched.awaitPrimary(address(second));
                assertThat(watched.cluster().current().timeline()).isEqualTo(2);

                Files.createFile(first.data().resolve("standby.signal"));
                first.start();
                Awaitility.await().until(() -> role(watched, first).equals("replica"));
                assertThat(replicas(watched)).isEmpty();
                watched.reload(TimelineRegression.FOLLOW);
                watched.awaitPrimary(address(second));
                Awaitility.await().until(() -> role(watched, first).equals("replica"));
                assertThat(replicas(watched)).as("watched anew").isEmpty();

                first.kill();
                try (PostgresServer anew = second.replicate(first.folder().resolveSibling("anew"), first.settings().port()).start()) {
                    Awaitility.await().until(() -> replicas(watched).equals(List.of(address(anew))));
                }
            }
        }
    }

    private static List<NodeAddress> replicas(WatchedCluster watched) {
        return watched.cluster().topology().replicas().stream().map(Replica::address).toList();
    }

    private static String role(WatchedCluster watched, PostgresServer server) {
        return watched.cluster().snapshot().nodes().stream().filter(node -> node.address().equals(address(server).toString())).map(ClusterSnapshot.Node::role).findFirst().orElseThrow();
    }

    private static NodeAddress address(PostgresServer server) {
        return new NodeAddress(server.settings().address(), server.settings().port());
    }
}
