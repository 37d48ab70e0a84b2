package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// What the console and the metrics show of a proxy at work.
final class ConsoleViewTest {
    private final PostgresFixture postgres = SharedPostgres.get();
    private RunningProxy proxy;
    private Connection console;

    @BeforeEach
    void start() throws SQLException {
        proxy = RunningProxy.start(postgres, 3);
        console = proxy.console();
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private List<Map<String, String>> show(String what) throws SQLException {
        return RunningProxy.show(console, what);
    }

    @Test
    void pools_clients_and_servers_show_who_is_linked_to_whom() throws SQLException {
        Connection busy = proxy.connect();
        Connection idle = proxy.connect();
        busy.setAutoCommit(false);
        String pid = RunningProxy.value(busy, "select pg_backend_pid()");
        RunningProxy.value(idle, "select 1");

        assertThat(show("POOLS")).filteredOn(row -> row.get("database").equals("app")).singleElement()
                .satisfies(row -> assertThat(row).containsEntry("user", "app").containsEntry("cl_active", "2").containsEntry("cl_waiting", "0")
                        .containsEntry("sv_active", "1").containsEntry("pool_mode", "transaction"));
        var client = show("CLIENTS").stream().filter(row -> row.get("database").equals("app") && row.get("state").equals("active")).findFirst().orElseThrow();
        var server = show("SERVERS").stream().filter(row -> row.get("state").equals("active")).findFirst().orElseThrow();
        assertThat(server).containsEntry("remote_pid", pid).containsEntry("link", client.get("ptr")).containsEntry("port", String.valueOf(postgres.port()));
        assertThat(client).containsEntry("link", server.get("ptr")).containsEntry("application_name", "test").containsEntry("user", "app");
        assertThat(show("CLIENTS")).extracting(row -> row.get("database") + " " + row.get("state")).containsExactlyInAnyOrder("app active", "app idle", "pgkeel active");
        busy.rollback();
    }

    @Test
    void a_pinned_connection_is_shown_with_its_reason() throws SQLException {
        Connection client = proxy.connect();
        RunningProxy.run(client, "create temp table pinned (id int)");

        assertThat(show("PINS")).singleElement().satisfies(row -> assertThat(row).containsEntry("reason", "temp_table").containsEntry("pinned", "1"));
    }

    @Test
    void databases_lists_config_and_users_tell_what_is_configured_and_in_use() throws SQLException {
        RunningProxy.value(proxy.connect(), "select 1");
        RunningProxy.value(proxy.connect("postgres", PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD), "select 1");

        assertThat(show("DATABASES")).extracting(row -> row.get("name")).containsExactly("app", "postgres");
        assertThat(show("DATABASES").getFirst()).containsEntry("pool_size", "3").containsEntry("current_client_connections", "1")
                .containsEntry("paused", "0").containsEntry("disabled", "0").containsEntry("port", String.valueOf(postgres.port()));
        assertThat(show("USERS")).extracting(row -> row.get("name")).containsExactlyInAnyOrder("app", "postgres");
        assertThat(show("LISTS")).anySatisfy(row -> assertThat(row).containsEntry("list", "used_clients").containsEntry("items", "3"));
        assertThat(show("CONFIG")).anySatisfy(row -> assertThat(row).containsEntry("key", "databases.app.pool.max").containsEntry("value", "3"));
        assertThat(show("MEM")).isNotEmpty();
    }

    @Test
    void stats_count_queries_transactions_and_bytes_and_the_counters_add_up() throws SQLException {
        for (int i = 0; i < 4; i++) {
            try (Connection client = proxy.connect()) {
                RunningProxy.value(client, "select " + i);
            }
        }
        await().untilAsserted(() -> assertThat(proxy.server().admission().clients()).isZero());

        var row = show("STATS").stream().filter(each -> each.get("database").equals("app")).findFirst().orElseThrow();
        assertThat(Long.parseLong(row.get("total_query_count"))).isGreaterThanOrEqualTo(4);
        assertThat(Long.parseLong(row.get("total_xact_count"))).isGreaterThanOrEqualTo(4);
        assertThat(Long.parseLong(row.get("total_received"))).isPositive();
        assertThat(Long.parseLong(row.get("total_sent"))).isPositive();
        String metrics = proxy.get("/metrics").body();
        assertThat(metrics).contains("pgkeel_pool_backend_connections_limit{database=\"app\",user=\"app\"} 3.0")
                .contains("pgkeel_client_closes_total{reason=\"terminated\"} 4.0")
                .contains("pgkeel_logins_total{outcome=\"ok\"} 5.0");   // the console's client is still there
    }

    @Test
    void every_closed_backend_connection_is_counted_by_its_reason() throws SQLException {
        RunningProxy.value(proxy.connect(), "select 1");
        RunningProxy.run(console, "RECONNECT");

        await().untilAsserted(() -> assertThat(proxy.get("/metrics").body()).contains("pgkeel_backend_closes_total{reason=\"recycled\"} 1.0"));
    }
}
