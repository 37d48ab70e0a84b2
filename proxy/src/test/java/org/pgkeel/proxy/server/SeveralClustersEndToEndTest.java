package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PatroniStub;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Two clusters in one proxy: one of nodes, and one whose Patroni speaks TLS and asks for a certificate and a password.
final class SeveralClustersEndToEndTest {
    @Test
    void clients_of_one_cluster_do_not_notice_that_another_has_no_primary() throws Exception {
        try (PostgresFixture one = PostgresFixture.start(FixtureOptions.DEFAULT); PostgresFixture other = PostgresFixture.start(FixtureOptions.DEFAULT);
                var patroni = PatroniStub.startMutualTls(Map.of("n1", new NodeAddress(one.host(), one.port())), one.certificates().serverContext(), "keel:hush");
                RunningProxy proxy = RunningProxy.start(one, """
                        listen { address = "127.0.0.1", port = 0 }
                        admin { address = "127.0.0.1", port = 0, users = [ops] }
                        clusters {
                          one {
                            patroni { members = %s, user = keel, password = hush, tls { ca = "%s", cert = "%s", key = "%s" } }
                            monitor { user = postgres, password = postgres }
                          }
                          other { nodes = ["%s:%d"], monitor { user = postgres, password = postgres } }
                        }
                        databases {
                          one { cluster = one, name = app, pool { max = 2 } }
                          other { cluster = other, name = app, pool { max = 2 } }
                        }
                        auth.users-file = "users.txt"
                        runtime.event-loops = 1
                        """.formatted(patroni.urls(), one.certificates().caCert(), one.certificates().certUser().cert(), one.certificates().certUser().key(), other.host(), other.port()))) {
            Connection console = proxy.console();
            Connection ofOne = connect(proxy, "one");
            Connection ofOther = connect(proxy, "other");
            assertThat(port(ofOne)).isEqualTo(String.valueOf(one.port()));
            assertThat(port(ofOther)).isEqualTo(String.valueOf(other.port()));
            await().untilAsserted(() -> assertThat(RunningProxy.show(console, "CLUSTER")).anySatisfy(row -> assertThat(row).containsEntry("cluster", "one").containsEntry("patroni", "running")));

            one.kill();
            await().untilAsserted(() -> assertThat(hold(console, "one")).containsEntry("state", "holding").containsEntry("reason", "primary_lost"));
            var held = RunningProxy.inBackground(() -> port(ofOne));
            await().untilAsserted(() -> assertThat(hold(console, "one")).containsEntry("waiting", "1"));
            for (int i = 0; i < 100; i++) assertThat(port(ofOther)).isEqualTo(String.valueOf(other.port()));
            assertThat(port(connect(proxy, "other"))).as("a client that comes now").isEqualTo(String.valueOf(other.port()));
            assertThat(held).isNotDone();

            await().ignoreExceptions().until(() -> {
                one.startAgain();
                return true;
            });
            held.join();
            assertThat(port(ofOne)).isEqualTo(String.valueOf(one.port()));
            assertThat(RunningProxy.show(console, "CLUSTER")).extracting(row -> row.get("cluster") + " " + row.get("reign")).containsExactlyInAnyOrder("one 2", "other 1");
        }
    }

    private static Connection connect(RunningProxy proxy, String database) throws SQLException {
        return proxy.connect(database, PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
    }

    private static String port(Connection client) throws SQLException {
        return RunningProxy.value(client, "show port");
    }

    private static Map<String, String> hold(Connection console, String cluster) throws SQLException {
        return RunningProxy.show(console, "HOLD").stream().filter(row -> row.get("cluster").equals(cluster)).findFirst().orElseThrow();
    }
}
