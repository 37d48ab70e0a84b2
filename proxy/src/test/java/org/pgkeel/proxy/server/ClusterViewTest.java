package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PatroniStub;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// What the console, the metrics and the status page show of a cluster and its hold: a primary and a standby, with Patroni.
final class ClusterViewTest {
    @Test
    void nodes_and_those_who_wait_for_them_are_seen_before_during_and_after_a_hold() throws Exception {
        try (PostgresFixture primary = PostgresFixture.start(FixtureOptions.DEFAULT)) {
            PostgresFixture standby = primary.standby();
            var members = new LinkedHashMap<String, NodeAddress>();
            members.put("n1", new NodeAddress(primary.host(), primary.port()));
            members.put("n2", new NodeAddress(standby.host(), standby.port()));
            try (var patroni = PatroniStub.start(members)) {
                patroni.tags("{\"zone\":\"west\"}");
                patroni.paused(true);
                try (RunningProxy proxy = RunningProxy.start(primary, """
                        listen { address = "127.0.0.1", port = 0 }
                        admin { address = "127.0.0.1", port = 0, users = [ops] }
                        clusters.main { patroni { members = %s }, monitor { user = postgres, password = postgres } }
                        databases { "*" { pool { max = 2 } } }
                        runtime.event-loops = 2
                        auth.users-file = "users.txt"
                        """.formatted(patroni.urls()))) {
                    Connection console = proxy.console();
                    await().untilAsserted(() -> {
                        var rows = RunningProxy.show(console, "CLUSTER");
                        assertThat(rows).extracting(row -> row.get("name") + " " + row.get("role")).containsExactly("n1 primary", "n2 replica");
                        assertThat(rows.getFirst()).containsEntry("cluster", "main").containsEntry("state", "running").containsEntry("patroni", "running")
                                .containsEntry("timeline", "1").containsEntry("reign", "1").containsEntry("flags", "paused").containsEntry("alarms", "")
                                .containsEntry("address", primary.host() + ":" + primary.port()).containsEntry("lag_bytes", "null");
                        assertThat(rows.getLast()).containsEntry("lag_bytes", "0").containsEntry("lag_ms", "0").containsEntry("tags", "zone=west")
                                .containsEntry("endpoints", "asynchronous, read-only, replica").containsEntry("timeline", "1");
                        assertThat(Long.parseLong(rows.getLast().get("fresh_as_of_ms"))).isBetween(0L, 5000L);
                    });
                    assertThat(hold(console)).containsEntry("state", "open").containsEntry("held", "0").containsEntry("max_clients", "10000");

                    List<Connection> clients = new ArrayList<>();
                    for (int i = 0; i < 6; i++) clients.add(proxy.connect());
                    for (Connection client : clients) RunningProxy.value(client, "select 1");
                    primary.kill();
                    await().untilAsserted(() -> assertThat(hold(console)).containsEntry("state", "holding").containsEntry("reason", "primary_lost"));
                    List<CompletableFuture<Void>> waiting = new ArrayList<>();
                    for (Connection client : clients) waiting.add(RunningProxy.inBackground(() -> RunningProxy.value(client, "select 1")));
                    await().untilAsserted(() -> assertThat(hold(console)).containsEntry("waiting", "6"));
                    clients.getFirst().abort(Runnable::run);
                    await().untilAsserted(() -> assertThat(hold(console)).containsEntry("waiting", "5").containsEntry("gone", "1"));
                    assertThat(RunningProxy.show(console, "CLUSTER").getFirst()).containsEntry("role", "unknown").containsEntry("state", "lost");
                    assertThat(proxy.get("/status").body()).contains("holding").contains("primary_lost").contains("n2");
                    assertThat(proxy.get("/metrics").body()).contains("pgkeel_cluster_primary{cluster=\"main\",node=\"n1\"} 0.0")
                            .contains("pgkeel_cluster_up{cluster=\"main\",node=\"n2\"} 1.0").containsPattern("pgkeel_hold_clients_waiting\\{cluster=\"main\".*} 5.0")
                            .containsPattern("pgkeel_cluster_poll_errors_total\\{cluster=\"main\",node=\"n1\",reason=\"lost\",source=\"postgresql\"} [1-9]");

                    await().ignoreExceptions().until(() -> {
                        primary.startAgain();
                        return true;
                    });
                    for (CompletableFuture<Void> each : waiting.subList(1, 6)) each.join();
                    await().untilAsserted(() -> assertThat(hold(console)).containsEntry("state", "open").containsEntry("waiting", "0"));
                    Map<String, String> after = hold(console);
                    assertThat(number(after, "held")).isGreaterThanOrEqualTo(6).isEqualTo(number(after, "drained") + number(after, "refused") + number(after, "gone"));
                    assertThat(number(after, "longest_wait_ms")).isPositive();
                    assertThat(proxy.get("/metrics").body()).containsPattern("pgkeel_hold_client_wait_seconds_count\\{cluster=\"main\".*} " + after.get("drained"))
                            .contains("pgkeel_cluster_reign_changes_total{cluster=\"main\"} 2.0").containsPattern("pgkeel_cluster_losses_total\\{cluster=\"main\",reason=\"primary_lost\"} [1-9]");
                }
            }
        }
    }

    private static long number(Map<String, String> row, String column) {
        return Long.parseLong(row.get(column));
    }

    private static Map<String, String> hold(Connection console) throws SQLException {
        return RunningProxy.show(console, "HOLD").getFirst();
    }
}
