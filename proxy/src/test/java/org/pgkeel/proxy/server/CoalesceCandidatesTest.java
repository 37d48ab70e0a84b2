package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.observe.InsertTally;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// SHOW COALESCE CANDIDATES, of what real clients send.
class CoalesceCandidatesTest {
    private static final int ROWS = 40;

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        for (String table : List.of("plain", "returning", "conflict", "transactions", "batches", "many", "calls", "pinned")) {
            postgres.execute("create table t_" + table + " (id bigserial primary key, a int, b text)", "grant all on t_" + table + ", t_" + table + "_id_seq to app");
        }
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static void run(Connection connection, boolean simple, String sql) throws SQLException {
        if (simple) {
            for (int i = 0; i < ROWS; i++) TestProxy.execute(connection, sql.replace("?", Integer.toString(i)));
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < ROWS; i++) {
                statement.setInt(1, i);
                statement.execute();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void every_row_is_counted_with_what_keeps_it_from_sharing_a_commit(String mode) throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, "")) {
            try (Connection connection = proxy.connect("preferQueryMode", mode)) {
                boolean simple = mode.equals("simple");
                run(connection, simple, "insert into t_plain (a, b) values (?, 'x')");
                run(connection, simple, "insert into t_returning (a) values (?) returning id");
                run(connection, simple, "insert into t_conflict (a) values (?) on conflict do nothing");
                run(connection, simple, "insert into t_many (a) values (?), (7)");
                run(connection, simple, "insert into t_calls (a) values (abs(?))");
                connection.setAutoCommit(false);
                for (int i = 0; i < ROWS; i++) {
                    try (PreparedStatement insert = connection.prepareStatement("insert into t_transactions (a) values (?)")) {
                        insert.setInt(1, i);
                        insert.execute();
                        insert.execute();
                    }
                    connection.commit();
                }
                connection.setAutoCommit(true);
                try (var statement = connection.createStatement()) {
                    statement.execute("create temp table mine (a int)");
                }
                run(connection, simple, "insert into t_pinned (a) values (?)");
            }
            try (Connection console = proxy.connectAs("postgres", "postgres", "pgkeel", "preferQueryMode", "simple")) {
                assertThat(counts(proxy)).isEqualTo(Map.of(
                        "\"t_plain\"", Map.of(InsertHabit.PLAIN, (long) ROWS),
                        "\"t_returning\"", Map.of(InsertHabit.RETURNING, (long) ROWS),
                        "\"t_conflict\"", Map.of(InsertHabit.ON_CONFLICT, (long) ROWS),
                        "\"t_many\"", Map.of(InsertHabit.MANY_ROWS, 2L * ROWS),
                        "\"t_calls\"", Map.of(InsertHabit.CALLS, (long) ROWS),
                        "\"t_transactions\"", Map.of(InsertHabit.IN_TRANSACTION, 2L * ROWS),
                        "\"t_pinned\"", Map.of(InsertHabit.PINNED, (long) ROWS)));
                List<Map<String, String>> shown = RunningProxy.show(console, "COALESCE CANDIDATES");
                assertThat(shown).filteredOn(row -> row.get("table").equals("\"t_calls\"")).singleElement().satisfies(row -> assertThat(row)
                        .containsEntry("database", "app").containsEntry("user", "app").containsEntry("verdict", "no").containsEntry("rows_per_second", "0.0"));
            }
        }
    }

    private static Map<String, Map<InsertHabit, Long>> counts(TestProxy proxy) {
        var counts = new java.util.HashMap<String, Map<InsertHabit, Long>>();
        for (InsertTally tally : InsertTally.merge(proxy.server().survey().askAll(context -> context.inserts().snapshots(System.nanoTime())).join())) counts.put(tally.table(), tally.rows());
        return counts;
    }

    @Test
    void a_batch_of_one_statement_up_to_one_sync_counts_row_by_row() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, ""); Connection connection = proxy.connect("prepareThreshold", "1");
                PreparedStatement insert = connection.prepareStatement("insert into t_batches (a) values (?)")) {
            for (int i = 0; i < ROWS; i++) {
                insert.setInt(1, i);
                insert.addBatch();
            }
            insert.executeBatch();

            assertThat(counts(proxy)).isEqualTo(Map.of("\"t_batches\"", Map.of(InsertHabit.PLAIN, (long) ROWS)));
        }
    }

    @Test
    void rows_that_share_their_commit_are_told_apart_from_those_that_do_not() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, "coalesce = [ { table = t_plain } ]\n")) {
            var clients = new java.util.ArrayList<Thread>();
            var over = new AtomicBoolean();
            for (int i = 0; i < 16; i++) clients.add(Thread.ofPlatform().daemon().start(() -> insert(proxy, over)));
            await().ignoreExceptionsInstanceOf(CompletionException.class).until(() -> counts(proxy).getOrDefault("\"t_plain\"", Map.of()).containsKey(InsertHabit.COALESCED));
            over.set(true);
            for (Thread client : clients) client.join();
        }
    }

    private static void insert(TestProxy proxy, AtomicBoolean over) {
        try (Connection connection = proxy.connect("prepareThreshold", "1")) {
            while (!over.get()) run(connection, false, "insert into t_plain (a, b) values (?, 'x')");
        } catch (SQLException broken) {
            throw new IllegalStateException(broken);
        }
    }
}
