package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

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

    private static Map<String, String> primary(Connection console) throws SQLException {
        return RunningProxy.show(console, "CLUSTER").getFirst();
    }
}
