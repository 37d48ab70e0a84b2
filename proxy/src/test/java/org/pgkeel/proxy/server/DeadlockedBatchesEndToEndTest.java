package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// Two COPYs that insert the same two keys in opposite order, so that the server ends one of them as a deadlock (40P01). Single INSERTs in transactions of
/// their own are never in a deadlock: of each key one client is told that its row is there, the other that the key is violated.
class DeadlockedBatchesEndToEndTest {
    private static final String DEADLOCK = "40P01";
    private static final String INSERTED = "INSERT 0 1";
    private static final String VIOLATED = "error 23505";
    private static final String RULE = """
            runtime.event-loops = 1
            databases."*".pool.max = 10
            coalesce = [ { table = public.keyed, lanes = 3, copy-from-rows = 3, max-delay = 10s, lock-timeout = 0s } ]
            """;
    /// Rows that share a batch arrive within `max-delay`; a machine that is slower than that is given more than one chance.
    private static final int ATTEMPTS_MAX = 10;

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table keyed (id int primary key, client text)", "grant all on keyed to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    /// The keys of one attempt. All are equally long.
    ///
    /// @param first       in both batches, at the beginning of the one and the end of the other
    /// @param last        in both batches, the other way round
    /// @param middle      of the one batch
    /// @param otherMiddle of the other
    /// @param before      of a row that is under way before both
    private record Keys(int first, int last, int middle, int otherMiddle, int before) {
        static Keys of(int attempt) {
            int from = 100_000 + 10 * attempt;
            return new Keys(from, from + 1, from + 2, from + 3, from + 4);
        }

        List<Integer> ascending() {
            return List.of(first, middle, last);
        }

        List<Integer> descending() {
            return List.of(last, otherMiddle, first);
        }

        /// Until this is rolled back, both batches have stored their first row and wait for the middle one.
        String hold() {
            return "insert into keyed values (%d, 'held'), (%d, 'held'), (%d, 'held')".formatted(middle, otherMiddle, before);
        }
    }

    /// What each client was told of each key; clients are known by what they write beside it.
    private final Map<Integer, Map<String, String>> told = new TreeMap<>();

    private synchronized void tell(int key, String client, String word) {
        told.computeIfAbsent(key, _ -> new TreeMap<>()).put(client, word);
    }

    /// Every key is there once, from whom was told so; all others were told that it is violated.
    private synchronized void check() {
        Map<Integer, String> stored = told.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey,
                each -> postgres.query("select coalesce(string_agg(client, ' '), 'nobody') from keyed where id = " + each.getKey())));
        told.forEach((key, words) -> words.forEach((client, word) ->
                assertThat(word).as("%s of key %d, which is there from %s", client, key, stored.get(key)).isEqualTo(client.equals(stored.get(key)) ? INSERTED : VIOLATED)));
        assertThat(postgres.query("select count(*) from keyed where id >= 100000")).isEqualTo(Integer.toString(told.size()));
    }

    private static void untilKnown(TestProxy proxy) throws SQLException {
        try (Connection connection = proxy.connect("preferQueryMode", "simple")) {
            int[] key = {0};
            await().until(() -> {
                TestProxy.execute(connection, "insert into keyed values (" + key[0]++ + ", 'nobody')");
                return proxy.coalesced().alone() > 0;
            });
        } finally {
            postgres.execute("truncate keyed");
        }
    }

    /// Attempt after attempt, until there was a deadlock.
    private void attempts(TestProxy proxy, Attempt attempt) throws Exception {
        untilKnown(proxy);
        for (int number = 0; number < ATTEMPTS_MAX && !proxy.coalesced().failures().containsKey(DEADLOCK); number++) {
            attempt.with(Keys.of(number));
            check();
        }
        assertThat(proxy.coalesced().failures()).containsKey(DEADLOCK);
        await().untilAsserted(() -> assertThat(proxy.coalesced().bufferedBytes()).isZero());
    }

    private interface Attempt {
        void with(Keys keys) throws Exception;
    }

    @Test
    void rows_of_clients_whose_batches_are_in_a_deadlock_are_told_what_they_would_be_told_alone() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            attempts(proxy, keys -> {
                var clients = new ArrayList<CompletableFuture<Void>>();
                try (Connection holder = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
                    holder.setAutoCommit(false);
                    TestProxy.execute(holder, keys.hold());
                    CoalesceSnapshot before = proxy.coalesced();
                    var rows = new ArrayList<>(List.of(keys.before));
                    rows.addAll(keys.ascending());
                    rows.addAll(keys.descending());
                    for (int row = 0; row < rows.size(); row++) {
                        clients.add(insertAsync(proxy, rows.get(row), "client" + row));
                        untilArrived(proxy, before, row + 1);
                    }
                    holder.rollback();
                }
                CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)).join();
            });
        }
    }

    private CompletableFuture<Void> insertAsync(TestProxy proxy, int key, String client) {
        return CompletableFuture.runAsync(() -> {
            try (Connection connection = proxy.connect("preferQueryMode", "simple")) {
                TestProxy.execute(connection, insert(key, client));
                tell(key, client, INSERTED);
            } catch (SQLException e) {
                tell(key, client, "error " + e.getSQLState());
            }
        }, work -> Thread.ofPlatform().daemon().start(work));
    }

    private static String insert(int key, String client) {
        return "insert into keyed (id, client) values (%d, '%s')".formatted(key, client);
    }

    private static void untilArrived(TestProxy proxy, CoalesceSnapshot before, int rows) {
        int requestBytes = 5 + insert(100_000, "client0").length() + 1;
        await().untilAsserted(() -> {
            CoalesceSnapshot now = proxy.coalesced();
            assertThat(now.alone() - before.alone() + now.bufferedBytes() / requestBytes).as("%s", now).isEqualTo(rows);
        });
    }

    /// All rows of a batch are one client's, which has sent them without waiting.
    @Test
    void rows_that_one_client_sent_at_once_are_each_told_of_by_themselves_after_a_deadlock() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient one = connect(proxy); WireClient other = connect(proxy)) {
            attempts(proxy, keys -> {
                try (Connection holder = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
                    holder.setAutoCommit(false);
                    TestProxy.execute(holder, keys.hold());
                    send(one, keys.ascending(), "one");
                    untilWaiting(1);
                    send(other, keys.descending(), "other");
                    untilWaiting(2);
                    holder.rollback();
                }
                for (int key : keys.ascending()) tell(key, "one", Replies.untilReady(one).getFirst());
                for (int key : keys.descending()) tell(key, "other", Replies.untilReady(other).getFirst());
            });
        }
    }

    /// With INSERTs of one row there would be no deadlock: the transaction waits for a row of a batch that waits for one of the transaction's.
    @Test
    void a_batch_gives_way_to_a_transaction_that_waits_for_one_of_its_rows() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE.replace(", lock-timeout = 0s", "")); WireClient client = connect(proxy);
             Connection holder = postgres.connectAsSuperuser(PostgresFixture.DATABASE); Connection other = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
            untilKnown(proxy);
            holder.setAutoCommit(false);
            other.setAutoCommit(false);
            String end = "";
            // A machine that is so slow that the batch has given way before gets another chance.
            for (int number = 0; number < ATTEMPTS_MAX && !end.equals(INSERTED); number++) end = endOfTransactionThatWaitsFor(client, Keys.of(number), holder, other);
            assertThat(end).isEqualTo(INSERTED);
        }
    }

    /// @return [#INSERTED], or its error; never a deadlock's
    private static String endOfTransactionThatWaitsFor(WireClient client, Keys keys, Connection holder, Connection other) throws Exception {
        TestProxy.execute(holder, insert(keys.middle, "holder"));
        TestProxy.execute(other, insert(keys.last, "other"));
        send(client, keys.ascending(), "batch");
        untilWaiting(1);
        CompletableFuture<String> waits = CompletableFuture.supplyAsync(() -> end(other, insert(keys.first, "other")), work -> Thread.ofPlatform().daemon().start(work));
        await().until(() -> waits.isDone() || postgres.query("select count(*) from pg_stat_activity where wait_event = 'transactionid' and usename <> 'app'").equals("1"));
        holder.rollback();
        String end = waits.join();
        assertThat(end).isNotEqualTo(DEADLOCK);
        if (end.equals(INSERTED)) other.commit();
        else other.rollback();
        var told = new ArrayList<String>();
        for (int i = 0; i < keys.ascending().size(); i++) told.add(Replies.untilReady(client).getFirst());
        if (end.equals(INSERTED)) assertThat(told).containsExactly(VIOLATED, INSERTED, VIOLATED);
        return end;
    }

    private static String end(Connection connection, String sql) {
        try {
            TestProxy.execute(connection, sql);
            return INSERTED;
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    private static WireClient connect(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        client.send(new Parse("insert", "insert into keyed (id, client) values ($1, $2)", List.of()), Sync.INSTANCE);
        assertThat(Replies.untilReady(client)).containsExactly("ready IDLE");
        return client;
    }

    private static void send(WireClient client, List<Integer> keys, String name) throws IOException {
        client.send(keys.stream().flatMap(key -> Stream.of(
                new Bind("", "insert", List.of(), List.of(Value.ofText(Integer.toString(key)), Value.ofText(name)), List.of()), new Execute("", 0), Sync.INSTANCE))
                .toArray(FrontendMessage[]::new));
    }

    /// For the transaction that holds keys.
    private static void untilWaiting(int backends) {
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where wait_event = 'transactionid' and usename = 'app'").equals(Integer.toString(backends)));
    }
}
