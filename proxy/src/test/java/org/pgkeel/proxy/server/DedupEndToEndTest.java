package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.DedupSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.postgresql.jdbc.PgConnection;
import org.postgresql.jdbc.PreferQueryMode;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Rows that are in the table already, against a real server.
class DedupEndToEndTest {
    private static final String RULE = "runtime.event-loops = 1\ncoalesce = [ { table = public.keyed, dedup-by = id } ]\n";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void table() {
        postgres.execute("drop table if exists keyed cascade",
                "create table keyed (id int primary key, note text check (note <> 'bad'), other int unique, at timestamptz default now())", "grant select, insert, update on keyed to app");
    }

    private static List<CoalesceSnapshot> counted(TestProxy proxy) {
        return proxy.coalescedTables();
    }

    private static DedupSnapshot dedup(TestProxy proxy) {
        return counted(proxy).stream().map(CoalesceSnapshot::dedup).reduce(DedupSnapshot.NONE, DedupSnapshot::plus);
    }

    /// The catalogue is asked at the first INSERT that could be meant.
    private static void untilKnown(TestProxy proxy, String state) {
        try (Connection connection = proxy.connect("preferQueryMode", "simple")) {
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                insert(connection, -1 - (int) (System.nanoTime() & 0xFFFFFF));
                return dedup(proxy).state().equals(state);
            });
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static int insert(Connection connection, int id) throws SQLException {
        if (isSimple(connection)) {
            try (var insert = connection.createStatement()) {
                return insert.executeUpdate("insert into keyed (id, note) values (" + id + ", 'note " + id + "')");
            }
        }
        try (var insert = connection.prepareStatement("insert into keyed (id, note) values (?, ?)")) {
            insert.setInt(1, id);
            insert.setString(2, "note " + id);
            return insert.executeUpdate();
        }
    }

    private static boolean isSimple(Connection connection) throws SQLException {
        return connection.unwrap(PgConnection.class).getPreferQueryMode() == PreferQueryMode.SIMPLE;
    }

    private static Connection connect(TestProxy proxy, String protocol) throws SQLException {
        Connection connection = proxy.connect(protocol.equals("simple") ? new String[] {"preferQueryMode", "simple"} : new String[] {"prepareThreshold", "1"});
        insert(connection, Integer.MAX_VALUE - connection.hashCode() % 1000_000);   // its statement is known from now on
        return connection;
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_repeated_key_is_acknowledged_without_a_second_row(String protocol) throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            untilKnown(proxy, "on");
            try (Connection connection = connect(proxy, protocol); Connection other = connect(proxy, protocol)) {
                assertThat(insert(connection, 1)).isEqualTo(1);
                assertThat(insert(connection, 1)).isZero();
                assertThat(insert(other, 1)).isZero();
                assertThat(insert(other, 2)).isEqualTo(1);
                assertThat(TestProxy.value(connection, "select count(*) from keyed where id in (1, 2)")).isEqualTo("2");
                assertThat(dedup(proxy).duplicates()).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_row_that_fails_otherwise_gets_its_own_error(String protocol) throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            untilKnown(proxy, "on");
            try (Connection connection = connect(proxy, protocol)) {
                String[] rows = {"1, 'fine', 7", "2, 'bad', 8", "3, 'fine', 7", "1, 'fine', 7"};
                String[] ends = {"1", "23514 keyed_note_check", "23505 keyed_other_key", "0"};
                for (int repeat = 0; repeat < 2; repeat++) {
                    for (int i = 0; i < rows.length; i++) {
                        assertThat(endOf(connection, rows[i])).as(rows[i]).isEqualTo(repeat == 1 && i == 0 ? "0" : ends[i]);
                    }
                }
            }
        }
    }

    private static String endOf(Connection connection, String row) throws SQLException {
        String[] values = row.split(", ");
        try (var simple = connection.createStatement(); var extended = connection.prepareStatement("insert into keyed (id, note, other) values (?, ?, ?)")) {
            if (isSimple(connection)) return Integer.toString(simple.executeUpdate("insert into keyed (id, note, other) values (" + row + ")"));
            extended.setInt(1, Integer.parseInt(values[0]));
            extended.setString(2, values[1].replace("'", ""));
            extended.setInt(3, Integer.parseInt(values[2]));
            return Integer.toString(extended.executeUpdate());
        } catch (PSQLException e) {
            ServerErrorMessage said = e.getServerErrorMessage();
            return e.getSQLState() + ' ' + (said == null ? "" : said.getConstraint());
        }
    }

    @Test
    void returning_gives_no_row_for_a_duplicate() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            untilKnown(proxy, "on");
            try (Connection connection = proxy.connect("prepareThreshold", "1"); var insert = connection.prepareStatement("insert into keyed (id) values (?) returning id, note is null")) {
                int[] ids = {10, 11, 11, 12};
                boolean[] there = {true, true, false, true};
                for (int i = 0; i < ids.length; i++) {
                    insert.setInt(1, ids[i]);
                    try (var rows = insert.executeQuery()) {
                        assertThat(rows.next()).as("row %s", i).isEqualTo(there[i]);
                        if (there[i]) assertThat(rows.getInt(1)).isEqualTo(ids[i]);
                        assertThat(rows.next()).isFalse();
                    }
                }
            }
        }
    }

    @Test
    void what_has_a_clause_of_its_own_or_no_key_or_is_in_a_transaction_is_passed_on_unchanged() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            untilKnown(proxy, "on");
            try (Connection connection = connect(proxy, "extended")) {
                insert(connection, 1);
                for (int i = 0; i < 3; i++) TestProxy.execute(connection, "insert into keyed (id, note) values (1, 'again') on conflict (id) do update set note = 'updated ' || excluded.note");
                assertThat(TestProxy.value(connection, "select note from keyed where id = 1")).isEqualTo("updated again");
                assertThat(catchThrowableOfType(SQLException.class, () -> TestProxy.execute(connection, "insert into keyed (note) values ('no key')")).getSQLState()).isEqualTo("23502");
                connection.setAutoCommit(false);
                assertThat(catchThrowableOfType(SQLException.class, () -> insert(connection, 1)).getSQLState()).isEqualTo("23505");
                connection.rollback();
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            alter table keyed drop constraint keyed_pkey                                                              | no_unique_index
            alter table keyed drop constraint keyed_pkey, add unique (id, note)                                       | no_unique_index
            alter table keyed drop constraint keyed_pkey, add unique (id) deferrable                                  | deferrable_index
            alter table keyed add unique (id) deferrable initially deferred                                           | deferrable_index
            alter table keyed drop constraint keyed_pkey; create unique index on keyed (id) where id > 0              | partial_index
            alter table keyed drop constraint keyed_pkey; create unique index on keyed ((id + 0))                     | no_unique_index
            update pg_index set indisvalid = false where indexrelid = 'keyed_pkey'::regclass                          | invalid_index
            revoke select on keyed from app                                                                           | no_select_privilege
            create rule r as on update to keyed do instead nothing                                                    | rules
            alter table keyed enable row level security; create policy p on keyed using (true)                        | row_security
            """)
    void without_an_index_that_can_say_it_is_off_and_the_reason_is_named(String ddl, String reason) throws SQLException {
        postgres.execute(ddl.split("; "));
        try (TestProxy proxy = TestProxy.start(postgres, RULE); Connection connection = proxy.connect("preferQueryMode", "simple")) {
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                insert(connection, (int) (System.nanoTime() & 0x7FFFFFF));
                return dedup(proxy).state().equals("off: " + reason);
            });
            assertThat(dedup(proxy).duplicates()).isZero();
        }
    }

    @Test
    void an_index_that_goes_and_comes_back_is_noticed() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            untilKnown(proxy, "on");
            try (Connection connection = connect(proxy, "simple")) {
                assertThat(insert(connection, 1)).isEqualTo(1);
                postgres.execute("alter table keyed drop constraint keyed_pkey");   // unseen by the proxy
                assertThat(insert(connection, 1)).isEqualTo(1);
                untilKnown(proxy, "off: no_unique_index");
                postgres.execute("delete from keyed", "alter table keyed add primary key (id)");
                TestProxy.execute(connection, "create type pg_temp.seen as (a int)");   // DDL that is seen
            }
            untilKnown(proxy, "on");
            try (Connection connection = connect(proxy, "simple")) {
                assertThat(insert(connection, 1)).isEqualTo(1);
                assertThat(insert(connection, 1)).isZero();
            }
        }
    }

    @Test
    void a_reload_turns_it_on_and_off() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, RULE.replace(", dedup-by = id", ""))) {
            try (Connection connection = connect(proxy, "extended")) {
                insert(connection, 1);
                assertThat(catchThrowableOfType(SQLException.class, () -> insert(connection, 1)).getSQLState()).isEqualTo("23505");
                assertThat(proxy.reload(RULE)).isEmpty();
                untilKnown(proxy, "on");
                assertThat(insert(connection, 1)).isZero();
                assertThat(proxy.reload(RULE.replace(", dedup-by = id", ""))).isEmpty();
                assertThat(catchThrowableOfType(SQLException.class, () -> insert(connection, 1)).getSQLState()).isEqualTo("23505");
            }
        }
    }

    /// The first is waited for longer than a batch waits for locks, and its end decides.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_key_that_is_just_being_inserted_is_a_duplicate_only_if_that_commits(boolean commits) throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE.replace("dedup-by", "lock-timeout = 100ms, dedup-by"))) {
            untilKnown(proxy, "on");
            try (Connection first = postgres.connect(); Connection second = connect(proxy, "extended"); Connection bystander = connect(proxy, "simple")) {
                first.setAutoCommit(false);
                insert(first, 1);
                var told = new CompletableFuture<Integer>();
                Thread.ofPlatform().daemon().start(() -> {
                    try {
                        told.complete(insert(second, 1));
                    } catch (SQLException e) {
                        told.completeExceptionally(e);
                    }
                });
                await().atMost(Duration.ofSeconds(60)).until(() -> counted(proxy).stream()
                        .anyMatch(each -> each.failures().getOrDefault("55P03", 0L) >= 2));
                assertThat(insert(bystander, 2)).isEqualTo(1);
                assertThat(told).isNotDone();
                if (commits) first.commit();
                else first.rollback();
                assertThat(told.get(60, TimeUnit.SECONDS)).isEqualTo(commits ? 0 : 1);
            }
            assertThat(postgres.query("select count(*) from keyed where id = 1")).isEqualTo("1");
        }
    }
}
