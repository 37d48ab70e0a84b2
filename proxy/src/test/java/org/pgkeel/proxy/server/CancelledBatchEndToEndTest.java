package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A client cancels its INSERT while that is under way with those of others.
class CancelledBatchEndToEndTest {
    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table keys (id int primary key)", "grant all on keys to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate keys");
    }

    private static String insert(int id) {
        return "insert into keys (id) values (" + id + ")";
    }

    /// What its client was told: how many rows, or the SQLSTATE.
    private static CompletableFuture<String> run(Statement by, int id) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return Integer.toString(by.executeUpdate(insert(id)));
            } catch (SQLException e) {
                return e.getSQLState();
            }
        }, command -> Thread.ofPlatform().daemon().start(command));
    }

    private static String waiters() {
        return postgres.query("select count(*) from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'");
    }

    @Test
    void it_does_not_go_on_waiting_for_a_lock_by_itself() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, "runtime.event-loops = 1\ncoalesce = [ { table = public.keys, copy-from-rows = 1000, max-delay = 2s, lock-timeout = 5s } ]\n");
                Connection rival = postgres.connect(); Connection one = proxy.connect("preferQueryMode", "simple"); Connection two = proxy.connect("preferQueryMode", "simple");
                Connection three = proxy.connect("preferQueryMode", "simple"); Statement first = one.createStatement(); Statement second = two.createStatement(); Statement third = three.createStatement()) {
            untilKnown(proxy, first);
            rival.setAutoCommit(false);
            TestProxy.execute(rival, insert(1), insert(2));
            CompletableFuture<String> alone = run(first, 1);
            await().until(() -> waiters().equals("1"));
            CompletableFuture<String> cancelled = run(second, 2);
            CompletableFuture<String> beside = run(third, 3);
            await().until(() -> waiters().equals("2"));
            second.cancel();
            assertThat(cancelled.get()).isEqualTo("57014");
            assertThat(beside.get()).isEqualTo("1");
            assertThat(alone).isNotDone();
            rival.rollback();
            assertThat(alone.get()).isEqualTo("1");
            assertThat(second.executeUpdate(insert(2))).isEqualTo(1);
            assertThat(postgres.query("select string_agg(id::text, ' ' order by id) from keys where id > 0")).isEqualTo("1 2 3");
        }
    }

    /// Until INSERTs into the table may share commits.
    private static void untilKnown(TestProxy proxy, Statement by) {
        var id = new int[1];
        // An event loop that has no time for a second is asked again.
        await().ignoreExceptionsInstanceOf(CompletionException.class).until(() -> {
            by.executeUpdate(insert(--id[0]));
            return proxy.server().survey().askAll(context -> context.coalescer().snapshots()).join().stream().anyMatch(table -> table.alone() > 0);
        });
    }
}
