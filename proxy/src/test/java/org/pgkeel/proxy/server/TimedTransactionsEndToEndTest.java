package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A server closes the connection of a transaction that lasts for too long: an INSERT that waits for a lock must not take others with it.
class TimedTransactionsEndToEndTest {
    private static final String TIMED = "set transaction_timeout = '2s'";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table timed (id int primary key)", "grant all on timed to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate timed", "alter role app reset transaction_timeout");
    }

    /// What its client was told: its rows, or the SQLSTATE.
    private static CompletableFuture<String> insert(Connection by, int id) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                TestProxy.execute(by, "insert into timed (id) values (" + id + ")");
                return "1";
            } catch (SQLException e) {
                return e.getSQLState();
            }
        }, work -> Thread.ofPlatform().daemon().start(work));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_insert_beside_one_that_waits_for_a_lock(boolean ofRole) throws Exception {
        if (ofRole) postgres.execute("alter role app " + TIMED);
        try (TestProxy proxy = TestProxy.start(postgres, "runtime.event-loops = 1\ncoalesce = [ { table = public.timed, max-delay = 10s, copy-from-rows = 1000, lock-timeout = 10s } ]\n");
             Connection holder = postgres.connectAsSuperuser(PostgresFixture.DATABASE); Connection one = proxy.connect("preferQueryMode", "simple");
             Connection two = proxy.connect("preferQueryMode", "simple"); Connection three = proxy.connect("preferQueryMode", "simple")) {
            for (Connection each : List.of(one, two, three)) if (!ofRole) TestProxy.execute(each, TIMED);
            untilKnown(proxy, one);
            holder.setAutoCommit(false);
            TestProxy.execute(holder, "insert into timed values (1), (2)");
            CompletableFuture<String> first = insert(one, 1);
            await().until(() -> first.isDone() || postgres.query("select count(*) from pg_stat_activity where wait_event = 'transactionid' and usename = 'app'").equals("1"));
            CompletableFuture<String> second = insert(two, 2);
            CompletableFuture<String> third = insert(three, 3);
            assertThat(third.get()).isEqualTo("1");
            assertThat(first.get()).isNotEqualTo("1");
            assertThat(second.get()).isNotEqualTo("1");
            holder.rollback();
        }
    }

    /// Until what the catalogue says of the table is known; if its rows share no commits, nothing tells when.
    private static void untilKnown(TestProxy proxy, Connection by) {
        var id = new int[1];
        await().ignoreExceptionsInstanceOf(CompletionException.class).until(() -> {
            insert(by, --id[0]).join();
            return proxy.coalesced().alone() > 0 || id[0] < -10;
        });
    }
}
