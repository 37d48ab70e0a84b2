package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.postgres.PatroniStub;

/// Rules ask for replicas by Patroni's endpoints and tags, and follow them when they move.
class ReplicaRolesEndToEndTest {
    private static final String RULE = "{ name = %1$s, when { statement = read, application-name = %1$s }, to = replica, %2$s, consistency = eventual, or-else = primary }";

    @Test
    void reads_go_where_the_role_and_the_tags_are() throws Exception {
        try (var postgres = new ReplicatedPostgres(2)) {
            var members = new LinkedHashMap<String, NodeAddress>();
            members.put("n1", address(postgres.primary()));
            members.put("n2", address(postgres.replica(0)));
            members.put("n3", address(postgres.replica(1)));
            String primary = port(postgres.primary());
            String second = port(postgres.replica(0));
            String third = port(postgres.replica(1));
            try (PatroniStub patroni = PatroniStub.start(members)) {
                patroni.synchronous(Optional.of("n2"));
                patroni.tags("n3", "{\"zone\":\"west\"}");
                try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, """
                        clusters { main = null, watched { patroni { members = %s, poll = 200ms }, monitor { user = postgres } } }
                        databases."*" { cluster = watched }
                        routing = [ %s, %s, %s, %s ]
                        """.formatted(patroni.urls(), RULE.formatted("sync", "role = synchronous"), RULE.formatted("async", "role = asynchronous"), RULE.formatted("west", "tags = { zone = west }"),
                        RULE.formatted("balanced", "role = replica")));
                     Connection sync = named(proxy, "sync"); Connection async = named(proxy, "async"); Connection west = named(proxy, "west"); Connection balanced = named(proxy, "balanced")) {
                    awaitServedBy(sync, second);
                    awaitServedBy(async, third);
                    awaitServedBy(west, third);
                    awaitServedBy(balanced, second);
                    awaitServedBy(balanced, third);
                    // The primary steps in where a replica has not answered in time.
                    for (int i = 0; i < 20; i++) {
                        assertThat(server(sync)).isIn(second, primary);
                        assertThat(server(async)).isIn(third, primary);
                        assertThat(server(west)).isIn(third, primary);
                    }

                    patroni.synchronous(Optional.of("n3"));
                    patroni.tags("n3", "{\"zone\":\"east\"}");
                    patroni.tags("n2", "{\"zone\":\"west\"}");
                    awaitServedBy(sync, third);
                    awaitServedBy(async, second);
                    awaitServedBy(west, second);

                    // Patroni answers 503 for who is not to be balanced to.
                    patroni.tags("n2", "{\"zone\":\"west\",\"noloadbalance\":true}");
                    awaitServedBy(west, primary);
                    awaitServedBy(async, primary);
                    for (int i = 0; i < 20; i++) assertThat(server(balanced)).isIn(third, primary);
                    awaitServedBy(balanced, third);
                    patroni.tags("n3", "{\"noloadbalance\":true}");
                    awaitServedBy(balanced, primary);
                    awaitServedBy(sync, primary);
                    patroni.tags("n2", "{\"nofailover\":true,\"nosync\":true}");
                    awaitServedBy(balanced, second);
                }
            }
        }
    }

    private static Connection named(TestProxy proxy, String application) throws SQLException {
        return proxy.connect("ApplicationName", application);
    }

    private static NodeAddress address(PostgresServer server) {
        return new NodeAddress(server.settings().address(), server.settings().port());
    }

    private static String port(PostgresServer server) {
        return String.valueOf(server.settings().port());
    }

    private static String server(Connection client) throws SQLException {
        return TestProxy.value(client, "select current_setting('port')");
    }

    private static void awaitServedBy(Connection client, String port) {
        await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).until(() -> port.equals(server(client)));
    }
}
