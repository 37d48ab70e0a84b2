package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// The end of the proxy, and what load balancers hear of it.
final class ShutdownTest {
    private final PostgresFixture postgres = SharedPostgres.get();
    private final RunningProxy proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 3, "shutdown.max-wait = 10m"));

    @AfterEach
    void stop() {
        proxy.close();
    }

    private CompletableFuture<Void> stopWith(Duration patience) {
        return RunningProxy.inBackground(() -> proxy.server().stop(patience));
    }

    private int running(String statement) {
        return Integer.parseInt(postgres.query("select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%"
                + statement + "%'"));
    }

    private static void assertEnded(Connection client) {
        assertThatThrownBy(() -> RunningProxy.value(client, "select 1")).asInstanceOf(InstanceOfAssertFactories.type(SQLException.class))
                .extracting(SQLException::getSQLState).isEqualTo("57P01");
    }

    @Test
    void a_transaction_is_finished_before_the_end_and_new_clients_are_refused() throws Exception {
        Connection idle = proxy.connect();
        Connection client = proxy.connect();
        client.setAutoCommit(false);
        RunningProxy.value(client, "select 1");

        var stopped = stopWith(Duration.ofMinutes(10));
        await().until(() -> proxy.server().isDraining() && proxy.get("/health/ready").statusCode() == 503);
        assertThatThrownBy(proxy::connect).isInstanceOf(SQLException.class);
        assertEnded(idle);
        assertThat(RunningProxy.value(client, "select 2")).isEqualTo("2");
        assertThat(stopped).isNotDone();
        client.commit();

        stopped.get(90, TimeUnit.SECONDS);
        assertEnded(client);
    }

    @ParameterizedTest
    @ValueSource(strings = {"databases.app.pool.mode = session", "databases.app.pool.mode = transaction"})
    void who_keeps_a_backend_outside_of_a_transaction_is_not_waited_for(String mode) throws Exception {
        try (RunningProxy draining = RunningProxy.start(postgres, RunningProxy.config(postgres, 3, "shutdown.max-wait = 10m\n" + mode))) {
            Connection client = draining.connect();
            Connection inTransaction = draining.connect();
            RunningProxy.run(client, "listen shutdown_ear");
            RunningProxy.run(inTransaction, "listen shutdown_ear");
            inTransaction.setAutoCommit(false);
            RunningProxy.value(inTransaction, "select 1");

            var stopped = RunningProxy.inBackground(() -> draining.server().stop(Duration.ofMinutes(10)));
            await().until(() -> draining.server().admission().clients() == 1);
            assertEnded(client);
            inTransaction.commit();
            stopped.get(90, TimeUnit.SECONDS);
            assertEnded(inTransaction);
        }
    }

    @Test
    void who_waited_for_a_backend_in_vain_is_not_waited_for() throws Exception {
        try (RunningProxy draining = RunningProxy.start(postgres, RunningProxy.config(postgres, 1, "databases.app.pool.max-wait = 2s"))) {
            Connection inTransaction = draining.connect();
            Connection waiting = draining.connect();
            inTransaction.setAutoCommit(false);
            RunningProxy.value(inTransaction, "select 1");
            var asked = RunningProxy.inBackground(() -> RunningProxy.run(waiting, "select 1"));
            await().until(() -> RunningProxy.show(draining.console(), "POOLS").stream().anyMatch(pool -> pool.get("cl_waiting").equals("1")));

            var stopped = RunningProxy.inBackground(() -> draining.server().stop(Duration.ofMinutes(10)));
            await().until(() -> draining.server().admission().clients() == 1);
            assertThat(asked).failsWithin(Duration.ofSeconds(90));
            inTransaction.commit();
            stopped.get(90, TimeUnit.SECONDS);
        }
    }

    @Test
    void who_waits_for_a_backend_only_to_listen_is_not_waited_for() throws Exception {
        try (PostgresFixture own = PostgresFixture.start(FixtureOptions.DEFAULT); RunningProxy draining = RunningProxy.start(own, watched(own, "hold.max-wait = 10m"))) {
            Connection client = draining.connect();
            RunningProxy.run(client, "listen shutdown_ear");
            Connection console = draining.console();
            own.kill();
            await().until(() -> RunningProxy.show(console, "HOLD").getFirst().get("waiting").equals("1"));

            RunningProxy.inBackground(() -> draining.server().stop(Duration.ofMinutes(10))).get(90, TimeUnit.SECONDS);

            assertEnded(client);
        }
    }

    @Test
    void who_loses_its_backend_while_the_proxy_waits_is_not_waited_for_any_more() throws Exception {
        try (PostgresFixture own = PostgresFixture.start(FixtureOptions.DEFAULT); RunningProxy draining = RunningProxy.start(own, watched(own, "outcome = off"))) {
            own.execute("create table slow (v text)", "grant all on slow to app");
            Connection client = draining.connect();
            var asked = RunningProxy.inBackground(() -> RunningProxy.run(client, "insert into slow select 'slow' from pg_sleep(600)"));
            await().until(() -> own.query("select count(*) from pg_stat_activity where state = 'active' and query like 'insert into slow%'").equals("1"));

            var stopped = RunningProxy.inBackground(() -> draining.server().stop(Duration.ofMinutes(10)));
            await().until(draining.server()::isDraining);
            assertThat(stopped).isNotDone();
            own.kill();

            stopped.get(90, TimeUnit.SECONDS);
            assertThat(asked).isCompletedExceptionally();
            assertEnded(client);
        }
    }

    private static String watched(PostgresFixture postgres, String more) {
        return RunningProxy.config(postgres, 3, "clusters.main { monitor { user = postgres, password = postgres }, %s }".formatted(more));
    }

    @Test
    void who_is_left_when_the_wait_is_over_hears_57P01_and_postgresql_has_no_sessions_left() throws Exception {
        Connection client = proxy.connect();
        client.setAutoCommit(false);
        String pid = RunningProxy.value(client, "select pg_backend_pid()");

        stopWith(Duration.ofMillis(200)).get(90, TimeUnit.SECONDS);

        assertEnded(client);
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid).equals("0"));
    }

    @Test
    void a_statement_that_runs_when_the_wait_is_over_is_cancelled() throws Exception {
        Connection client = proxy.connect();
        var running = RunningProxy.inBackground(() -> RunningProxy.run(client, "select pg_sleep(600) /* shutdown test */"));
        await().until(() -> running("/* shutdown test */") == 1);

        stopWith(Duration.ofMillis(100)).get(90, TimeUnit.SECONDS);

        assertThat(running).failsWithin(Duration.ofSeconds(90)).withThrowableThat().withMessageContaining("the proxy shuts down");
        await().until(() -> running("/* shutdown test */") == 0);
    }

    @Test
    void a_second_signal_ends_the_wait() throws Exception {
        Connection client = proxy.connect();
        client.setAutoCommit(false);
        RunningProxy.value(client, "select 1");
        var stopped = stopWith(Duration.ofMinutes(10));
        await().until(proxy.server()::isDraining);

        proxy.server().hurry();

        stopped.get(90, TimeUnit.SECONDS);
        assertEnded(client);
    }

    @Test
    void shutdown_wait_for_clients_ends_when_the_last_one_has_gone() throws Exception {
        Connection client = proxy.connect();
        RunningProxy.value(client, "select 1");
        RunningProxy.run(proxy.console(), "SHUTDOWN WAIT_FOR_CLIENTS");
        proxy.server().shutdownAsked().get(90, TimeUnit.SECONDS);
        var stopped = RunningProxy.inBackground(proxy.server()::close);

        assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");
        assertThatThrownBy(proxy::connect).isInstanceOf(SQLException.class);
        assertThat(stopped).isNotDone();
        client.close();
        stopped.get(90, TimeUnit.SECONDS);
    }

    @Test
    void shutdown_wait_for_servers_ends_when_the_last_transaction_has() throws Exception {
        Connection client = proxy.connect();
        client.setAutoCommit(false);
        RunningProxy.value(client, "select 1");
        RunningProxy.run(proxy.console(), "SHUTDOWN WAIT_FOR_SERVERS");
        var stopped = RunningProxy.inBackground(proxy.server()::close);

        assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");
        assertThat(stopped).isNotDone();
        client.commit();
        stopped.get(90, TimeUnit.SECONDS);
        assertEnded(client);
    }

    @Test
    void a_shutdown_without_a_mode_waits_for_nobody() throws Exception {
        Connection client = proxy.connect();
        client.setAutoCommit(false);
        RunningProxy.value(client, "select 1");

        RunningProxy.run(proxy.console(), "SHUTDOWN");
        RunningProxy.inBackground(proxy.server()::close).get(90, TimeUnit.SECONDS);

        assertEnded(client);
    }

    /// Somebody waited for clients who never go, and has no shell on the machine.
    @Test
    void a_shutdown_without_a_mode_ends_the_wait_of_another() throws Exception {
        Connection client = proxy.connect();
        RunningProxy.value(client, "select 1");
        Connection console = proxy.console();
        RunningProxy.run(console, "SHUTDOWN WAIT_FOR_CLIENTS");
        var stopped = RunningProxy.inBackground(proxy.server()::close);
        RunningProxy.run(console, "SHUTDOWN");

        stopped.get(90, TimeUnit.SECONDS);
        assertEnded(client);
    }

    @Test
    void operators_hear_of_the_end() throws Exception {
        Connection console = proxy.console();

        stopWith(Duration.ZERO).get(90, TimeUnit.SECONDS);

        assertThatThrownBy(() -> RunningProxy.run(console, "SHOW VERSION")).asInstanceOf(InstanceOfAssertFactories.type(SQLException.class))
                .extracting(SQLException::getSQLState).isEqualTo("57P01");
    }

    @Test
    void the_proxy_is_ready_as_long_as_postgresql_can_be_reached() {
        try (PostgresFixture own = PostgresFixture.start(FixtureOptions.DEFAULT); RunningProxy before = RunningProxy.start(own, 3)) {
            // An answer that takes more than a second counts as none.
            await().until(() -> before.get("/health/ready").statusCode() == 200);
            await().until(() -> before.get("/health/live").statusCode() == 200);
            own.stop();
            await().untilAsserted(() -> assertThat(before.get("/health/ready")).satisfies(unready -> {
                assertThat(unready.statusCode()).isEqualTo(503);
                assertThat(unready.body()).contains("cluster main");
            }));
            await().until(() -> before.get("/health/live").statusCode() == 200);
            own.startAgain();
            await().until(() -> before.get("/health/ready").statusCode() == 200);
        }
    }
}
