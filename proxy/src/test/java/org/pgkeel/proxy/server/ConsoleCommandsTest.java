package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// What the console's commands do to clients and backend connections.
final class ConsoleCommandsTest {
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

    private static CompletableFuture<Void> inBackground(Connection connection, String sql) {
        return RunningProxy.inBackground(() -> RunningProxy.run(connection, sql));
    }

    private static void assertSqlState(String sqlState, ThrowingCallable what) {
        assertThatThrownBy(what).asInstanceOf(InstanceOfAssertFactories.type(SQLException.class)).extracting(SQLException::getSQLState).isEqualTo(sqlState);
    }

    private int waiting() throws SQLException {
        try (Connection own = proxy.console()) {
            return RunningProxy.show(own, "POOLS").stream().mapToInt(row -> Integer.parseInt(row.get("cl_waiting"))).sum();
        }
    }

    @Test
    void pause_waits_for_the_transaction_and_holds_clients_until_resume() throws Exception {
        Connection inTransaction = proxy.connect();
        Connection other = proxy.connect();
        RunningProxy.value(other, "select 1");
        inTransaction.setAutoCommit(false);
        RunningProxy.value(inTransaction, "select 1");

        var paused = inBackground(console, "PAUSE app");
        await().until(() -> proxy.server().pools().isPaused("app"));
        assertThat(paused).isNotDone();
        inTransaction.commit();
        paused.get(90, TimeUnit.SECONDS);
        var held = inBackground(other, "select 1");
        await().until(() -> waiting() == 1);
        assertThat(held).isNotDone();
        assertThat(RunningProxy.show(console, "SERVERS")).isEmpty();

        RunningProxy.run(console, "RESUME app");
        held.get(90, TimeUnit.SECONDS);
    }

    @Test
    void a_pause_is_a_hold_by_hand_with_its_bounds_and_its_books() throws Exception {
        proxy.close();
        String hold = "clusters.main.hold { max-wait = %s, max-clients = 3, drain-concurrency = 1 }";
        proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 1, hold.formatted("1s")));
        console = proxy.console();
        Connection impatient = proxy.connect();
        List<Connection> patient = List.of(proxy.connect(), proxy.connect(), proxy.connect());
        RunningProxy.value(impatient, "select 1");
        RunningProxy.run(console, "PAUSE app");

        assertSqlState("57P03", () -> RunningProxy.value(impatient, "select 1"));
        proxy.writeConfig(RunningProxy.config(postgres, 1, hold.formatted("10m")));
        RunningProxy.run(console, "RELOAD");
        List<CompletableFuture<Void>> held = patient.stream().map(client -> inBackground(client, "select 1")).toList();
        await().until(() -> hold().get("waiting").equals("3"));
        assertThat(hold()).containsEntry("state", "holding").containsEntry("reason", "by_hand").containsEntry("cluster", "main").containsEntry("refused", "1");
        assertSqlState("53300", () -> RunningProxy.value(impatient, "select 1"));
        RunningProxy.run(console, "RESUME app");

        for (CompletableFuture<Void> each : held) each.get(90, TimeUnit.SECONDS);
        assertThat(RunningProxy.value(impatient, "select 1")).as("it stayed").isEqualTo("1");
        assertThat(hold()).containsEntry("state", "open").containsEntry("held", "5").containsEntry("drained", "3").containsEntry("refused", "2").containsEntry("gone", "0");
    }

    private Map<String, String> hold() throws SQLException {
        return RunningProxy.show(console, "HOLD").stream().filter(row -> row.get("database").equals("app")).findFirst().orElseThrow();
    }

    @Test
    void a_pause_that_is_resumed_too_early_says_so() throws Exception {
        Connection inTransaction = proxy.connect();
        inTransaction.setAutoCommit(false);
        RunningProxy.value(inTransaction, "select 1");
        var paused = inBackground(console, "PAUSE");
        await().until(() -> proxy.server().pools().allPaused());

        RunningProxy.run(proxy.console(), "RESUME");

        assertThat(paused).failsWithin(Duration.ofSeconds(90)).withThrowableThat().withMessageContaining("resumed before");
        RunningProxy.value(inTransaction, "select 1");
        inTransaction.commit();
    }

    /// Ctrl-C in psql.
    @Test
    void an_operator_can_stop_waiting_for_a_pause_and_goes_on_in_the_console() throws Exception {
        Connection inTransaction = proxy.connect();
        inTransaction.setAutoCommit(false);
        RunningProxy.value(inTransaction, "select 1");
        try (Statement pause = console.createStatement()) {
            var paused = RunningProxy.inBackground(() -> pause.execute("PAUSE"));
            await().until(() -> proxy.server().pools().allPaused());
            await().until(() -> {
                pause.cancel();
                return paused.isDone();
            });
            assertThat(paused).failsWithin(Duration.ofSeconds(90)).withThrowableThat().withMessageContaining("not waited for");
        }
        RunningProxy.run(console, "RESUME");
        inTransaction.commit();
    }

    @Test
    void a_pool_that_is_made_while_its_database_is_paused_waits_too() throws Exception {
        RunningProxy.run(console, "PAUSE app");
        var connected = RunningProxy.inBackground(() -> RunningProxy.value(proxy.connect(), "select 1"));
        await().until(() -> waiting() == 1);
        assertThat(connected).isNotDone();

        RunningProxy.run(console, "RESUME app");

        connected.get(90, TimeUnit.SECONDS);
    }

    @Test
    void resume_of_what_is_not_paused_and_commands_on_unknown_databases_are_refused() {
        assertSqlState("55000", () -> RunningProxy.run(console, "RESUME app"));
        assertSqlState("55000", () -> RunningProxy.run(console, "RESUME"));
        assertSqlState("42704", () -> RunningProxy.run(console, "KILL_CLIENT 1"));
    }

    @Test
    void reconnect_closes_idle_connections_now_and_others_when_they_are_given_back() throws Exception {
        Connection client = proxy.connect();
        client.setAutoCommit(false);
        String before = RunningProxy.value(client, "select pg_backend_pid()");

        RunningProxy.run(console, "RECONNECT app");
        assertThat(RunningProxy.show(console, "SERVERS")).singleElement().satisfies(row -> assertThat(row).containsEntry("close_needed", "1"));
        var closed = inBackground(console, "WAIT_CLOSE app");
        assertThat(RunningProxy.value(client, "select pg_backend_pid()")).isEqualTo(before);
        assertThat(closed).isNotDone();
        client.commit();

        closed.get(90, TimeUnit.SECONDS);
        assertThat(RunningProxy.value(client, "select pg_backend_pid()")).isNotEqualTo(before);
        client.rollback();
    }

    @Test
    void kill_drops_clients_and_servers_and_pauses() throws Exception {
        Connection client = proxy.connect();
        client.setAutoCommit(false);
        String pid = RunningProxy.value(client, "select pg_backend_pid()");

        RunningProxy.run(console, "KILL app");

        assertSqlState("57P01", () -> RunningProxy.value(client, "select 1"));
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid).equals("0"));
        assertThat(RunningProxy.show(console, "DATABASES").getFirst()).containsEntry("paused", "1");
        RunningProxy.run(console, "RESUME app");
        assertThat(RunningProxy.value(proxy.connect(), "select 1")).isEqualTo("1");
    }

    @Test
    void kill_client_drops_that_client_alone() throws Exception {
        Connection victim = proxy.connect();
        Connection other = proxy.connect();
        RunningProxy.run(victim, "set application_name = 'victim'");
        String id = RunningProxy.show(console, "CLIENTS").stream().filter(row -> row.get("application_name").equals("victim")).findFirst().orElseThrow().get("id");

        RunningProxy.run(console, "KILL_CLIENT " + id);

        assertSqlState("57P01", () -> RunningProxy.value(victim, "select 1"));
        assertThat(RunningProxy.value(other, "select 1")).isEqualTo("1");
    }

    @Test
    void disable_refuses_new_clients_and_enable_lets_them_in_again() throws Exception {
        Connection old = proxy.connect();
        RunningProxy.run(console, "DISABLE app");

        assertSqlState("57P03", proxy::connect);
        assertThat(RunningProxy.value(old, "select 1")).isEqualTo("1");
        assertThat(RunningProxy.show(console, "DATABASES").getFirst()).containsEntry("disabled", "1");
        RunningProxy.run(console, "ENABLE app");
        assertThat(RunningProxy.value(proxy.connect(), "select 1")).isEqualTo("1");
    }

    @Test
    void the_console_answers_while_every_client_works() throws Exception {
        var clients = List.of(proxy.connect(), proxy.connect(), proxy.connect(), proxy.connect());
        try (Connection direct = postgres.connect()) {
            RunningProxy.value(direct, "select pg_advisory_lock(4711)");
            var work = clients.stream().map(client -> inBackground(client, "select pg_advisory_xact_lock(4711)")).toList();
            await().untilAsserted(() -> assertThat(RunningProxy.show(console, "POOLS")).anySatisfy(row ->
                    assertThat(row).containsEntry("sv_active", "3").containsEntry("cl_active", "3").containsEntry("cl_waiting", "1")));
            RunningProxy.value(direct, "select pg_advisory_unlock(4711)");
            for (var one : work) one.get(90, TimeUnit.SECONDS);
        }
    }
}
