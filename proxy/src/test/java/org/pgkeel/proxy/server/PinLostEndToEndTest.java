package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// The primary of a watched cluster is lost with what sessions keep on it: nobody goes on as if a lock were still held.
class PinLostEndToEndTest {
    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table kept (x int)", "grant all on kept to app", "alter database app set synchronous_commit = on");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy() {
        return TestProxy.start(postgres, """
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main.outcome = strict
                databases."*".pool { max = 10, max-wait = 60s }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD));
    }

    private static void failOver() {
        postgres.kill();
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
            postgres.startAgain();
            return true;
        });
    }

    private interface Asking {
        String ask() throws SQLException;
    }

    private static String outcome(Asking asking) {
        try {
            return asking.ask();
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    @Test
    void who_kept_something_is_told_once_that_it_is_lost_and_who_kept_nothing_hears_nothing() throws SQLException {
        try (TestProxy proxy = proxy(); Connection table = proxy.connect(); Connection lock = proxy.connect("preferQueryMode", "simple"); Connection cursor = proxy.connect();
             Connection released = proxy.connect(); Connection inTransaction = proxy.connect(); Connection lent = proxy.connect("preferQueryMode", "simple"); Connection plain = proxy.connect()) {
            TestProxy.execute(table, "create temp table mine (n int)");
            TestProxy.execute(lock, "select pg_advisory_lock(7)");
            TestProxy.execute(cursor, "declare c cursor with hold for select 1");
            TestProxy.execute(released, "select pg_advisory_lock(8)", "select pg_advisory_unlock(8)");
            TestProxy.execute(lent, "select pg_advisory_lock(9)");
            inTransaction.setAutoCommit(false);
            TestProxy.execute(inTransaction, "create temp table undone (n int)");
            TestProxy.execute(plain, "select 1");
            failOver();

            for (Connection client : List.of(table, lock, cursor)) {
                assertThat(outcome(() -> TestProxy.value(client, "select 'on'"))).isEqualTo("55000");
                assertThat(outcome(() -> TestProxy.value(client, "select 'on'"))).as("told once").isEqualTo("on");
            }
            assertThatThrownBy(() -> TestProxy.value(table, "select n from mine")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42P01"));
            assertThat(outcome(() -> TestProxy.value(lock, "select pg_try_advisory_lock(7)"))).isEqualTo("t");
            TestProxy.execute(lent, "discard all");
            assertThat(TestProxy.value(lent, "select 'on'")).isEqualTo("on");
            assertThat(TestProxy.value(released, "select 'on'")).isEqualTo("on");
            assertThat(TestProxy.value(plain, "select 'on'")).isEqualTo("on");
            // Its transaction is lost as a whole, and it knows that.
            assertThat(outcome(() -> TestProxy.value(inTransaction, "select 1"))).isEqualTo("40001");
            inTransaction.rollback();
            assertThat(TestProxy.value(inTransaction, "select 'on'")).isEqualTo("on");
            inTransaction.rollback();
        }
    }

    @Test
    void what_was_under_way_is_not_done_again_without_the_lock_that_protected_it() throws Exception {
        try (TestProxy proxy = proxy(); Connection lock = proxy.connect("preferQueryMode", "simple"); Connection inTransaction = proxy.connect()) {
            TestProxy.execute(lock, "select pg_advisory_lock(7)");
            inTransaction.setAutoCommit(false);
            TestProxy.execute(inTransaction, "select pg_advisory_lock(8)");
            var read = CompletableFuture.supplyAsync(() -> outcome(() -> TestProxy.value(lock, "select count(*) from generate_series(1, 2000000011)")), task -> Thread.ofPlatform().daemon().start(task));
            await().atMost(Duration.ofSeconds(60)).until(() -> postgres.query("select count(*) from pg_stat_activity where query like '%(1, 2000000011)%' and usename = 'app' and state = 'active'").equals("1"));
            failOver();
            assertThat(read.get(60, TimeUnit.SECONDS)).isEqualTo("55000");
            assertThat(TestProxy.value(lock, "select 'on'")).isEqualTo("on");
            // A lock of a session outlives its transaction.
            assertThat(outcome(() -> TestProxy.value(inTransaction, "select 1"))).isEqualTo("40001");
            inTransaction.rollback();
            assertThat(outcome(() -> TestProxy.value(inTransaction, "select 1"))).isEqualTo("55000");
            inTransaction.rollback();
            assertThat(TestProxy.value(inTransaction, "select 'on'")).isEqualTo("on");
            inTransaction.rollback();
        }
    }
}
