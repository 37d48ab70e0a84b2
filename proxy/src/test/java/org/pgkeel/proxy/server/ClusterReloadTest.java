package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PatroniStub;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.TestCertificates;

/// The section of a watched cluster changes under its clients.
final class ClusterReloadTest {
    private static String config(PostgresFixture postgres, String hold) {
        return RunningProxy.config(postgres, 3, "clusters.main { monitor { user = postgres, password = postgres }, hold.max-wait = " + hold + " }");
    }

    @Test
    void the_same_server_goes_on_in_its_reign_and_another_is_the_next_one() throws Exception {
        try (PostgresFixture one = PostgresFixture.start(FixtureOptions.DEFAULT); PostgresFixture other = PostgresFixture.start(FixtureOptions.DEFAULT);
                RunningProxy proxy = RunningProxy.start(one, config(one, "60s"))) {
            Connection console = proxy.console();
            await().untilAsserted(() -> assertThat(primary(console)).containsEntry("reign", "1").containsEntry("role", "primary"));
            Connection inTransaction = proxy.connect();
            inTransaction.setAutoCommit(false);
            String pid = RunningProxy.value(inTransaction, "select pg_backend_pid()");

            proxy.writeConfig(config(one, "61s"));
            RunningProxy.run(console, "RELOAD");
            await().untilAsserted(() -> assertThat(primary(console)).containsEntry("reign", "1").containsEntry("role", "primary"));
            await().untilAsserted(() -> assertThat(RunningProxy.show(console, "HOLD").getFirst()).containsEntry("max_wait_ms", "61000"));
            assertThat(RunningProxy.value(inTransaction, "select pg_backend_pid()")).as("the transaction goes on").isEqualTo(pid);
            inTransaction.commit();

            RunningProxy.value(inTransaction, "select 1");
            proxy.writeConfig(config(other, "61s"));
            RunningProxy.run(console, "RELOAD");
            await().untilAsserted(() -> assertThat(primary(console)).containsEntry("reign", "2").containsEntry("role", "primary")
                    .containsEntry("address", other.host() + ":" + other.port()));
            assertThatThrownBy(() -> RunningProxy.value(inTransaction, "select 1")).isInstanceOfSatisfying(SQLException.class,
                    lost -> assertThat(lost.getSQLState()).isEqualTo("40001"));
            inTransaction.rollback();
            assertThat(RunningProxy.value(inTransaction, "select inet_server_port()")).isEqualTo(String.valueOf(other.port()));
            inTransaction.rollback();
            assertThat(proxy.get("/metrics").body()).contains("pgkeel_cluster_reign_changes_total{cluster=\"main\"} 2.0");
        }
    }

    /// With Patroni's certificates wrong there is nobody to ask who the servers are.
    @Test
    void what_is_trusted_of_patroni_is_read_again_and_a_broken_file_changes_nothing(@TempDir Path folder) throws Exception {
        TestCertificates strangers = TestCertificates.create(Files.createDirectory(folder.resolve("strangers")));
        TestCertificates patronis = TestCertificates.create(Files.createDirectory(folder.resolve("patronis")));
        Path ca = Files.copy(strangers.caCert(), folder.resolve("ca.pem"));
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
                PatroniStub patroni = PatroniStub.startTls(Map.of("n1", new NodeAddress(postgres.host(), postgres.port())), patronis.serverContext(), "keel:hush");
                RunningProxy proxy = RunningProxy.start(postgres, ofPatroni(patroni, ca, "60s"))) {
            await().until(() -> proxy.get("/metrics").body().contains("reason=\"tls\",source=\"patroni\""));

            Files.copy(patronis.caCert(), ca, StandardCopyOption.REPLACE_EXISTING);
            assertThat(proxy.server().reload()).isEmpty();
            await().until(() -> proxy.server().clusters().get("main").primary() != null);
            Connection client = proxy.connect();
            assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");

            Files.writeString(ca, "no certificate");
            proxy.writeConfig(ofPatroni(patroni, ca, "61s"));
            assertThat(proxy.server().reload()).singleElement(InstanceOfAssertFactories.STRING).contains("patroni.tls.ca").contains(ca.toString());
            assertThat(proxy.server().config().clusters().get("main").hold().maxWait()).hasSeconds(60);
            assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");
        }
    }

    private static String ofPatroni(PatroniStub patroni, Path ca, String hold) {
        return """
                listen { address = "127.0.0.1", port = 0 }
                admin { address = "127.0.0.1", port = 0 }
                clusters.main {
                  patroni { members = %s, user = keel, password = hush, tls { ca = "%s" } }
                  monitor { user = postgres, password = postgres }
                  hold { max-wait = %s }
                }
                databases { "*" { pool { max = 5 } } }
                auth { users-file = "users.txt" }
                """.formatted(patroni.urls(), ca, hold);
    }

    private static Map<String, String> primary(Connection console) throws SQLException {
        return RunningProxy.show(console, "CLUSTER").getFirst();
    }
}
