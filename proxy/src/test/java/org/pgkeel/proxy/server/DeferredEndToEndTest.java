package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// What rows leave to their commit, against a real server: each client is told what concerns its own.
class DeferredEndToEndTest {
    private static final int CLIENTS = 24;
    private static final int ROWS = 40;

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute(
                "create function warns() returns trigger language plpgsql as $$ begin raise warning 'late %', new.id; return null; end $$",
                "create function passes_on() returns trigger language plpgsql security definer as $$ begin insert into warning values (new.id) on conflict do nothing; return null; end $$",
                "create table warning (id int primary key)",
                "create constraint trigger warns after insert on warning deferrable initially deferred for each row execute function warns()",
                "create table passing (id int primary key)",
                "create trigger passes_on after insert on passing for each row execute function passes_on()",
                "create table beside (id int primary key)",
                "create table searched (id int primary key, text text, words tsvector)",
                "create trigger words before insert on searched for each row execute function tsvector_update_trigger(words, 'pg_catalog.simple', text)",
                "create table policed (id int primary key, owner text default current_user)", "alter table policed enable row level security",
                "create policy own on policed with check (id >= 0 and owner = current_user)",
                "create function judges(int) returns boolean language sql as 'select $1 >= 0'",
                "create table judged (id int primary key)", "alter table judged enable row level security", "create policy calls on judged with check (judges(id))",
                "create table asked (id int primary key)", "create table others ()", "insert into others default values", "alter table asked enable row level security", "create policy asks on asked with check (exists (select from others))",
                "create table parents (id int primary key)", "insert into parents select generate_series(1, 10)",
                "create table referring (id int primary key, parent int constraint later references parents deferrable initially deferred)",
                "create table deferred_key (id int, k int constraint once unique deferrable initially deferred)",
                "create table rings (id int primary key, next int constraint ring references rings deferrable initially deferred)",
                "grant all on all tables in schema public to app", "grant select on parents to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(String table, String more) {
        return TestProxy.start(postgres, "runtime.event-loops = 1\ncoalesce = [ { table = public." + table + ", copy-from-rows = 5" + more + " } ]\n");
    }

    private static CoalesceSnapshot counted(TestProxy proxy) {
        return proxy.coalesced();
    }

    /// What each INSERT ended with, by its number: its count of rows or SQLSTATE and message, and the warnings.
    private static final class Storm {
        private final Map<Integer, String> told = new ConcurrentHashMap<>();
        private final AtomicInteger next = new AtomicInteger();

        interface Row {
            void set(PreparedStatement insert, int nr) throws SQLException;
        }

        Storm(TestProxy proxy, String sql, Row row) throws Exception {
            var clients = new ArrayList<Thread>();
            var together = new CyclicBarrier(CLIENTS);
            for (int i = 0; i < CLIENTS; i++) {
                boolean simple = i % 2 == 0;
                clients.add(Thread.ofPlatform().daemon().start(() -> {
                    try (Connection connection = simple ? proxy.connect("preferQueryMode", "simple") : proxy.connect("prepareThreshold", "1"); PreparedStatement insert = connection.prepareStatement(sql)) {
                        together.await();
                        for (int n = 0; n < ROWS; n++) {
                            int nr = next.getAndIncrement();
                            row.set(insert, nr);
                            told.put(nr, end(insert));
                        }
                    } catch (Exception e) {
                        told.put(next.getAndIncrement(), "closed: " + e);
                    }
                }));
            }
            for (Thread client : clients) client.join(180_000);
            assertThat(told).hasSize(CLIENTS * ROWS);
        }

        private static String end(PreparedStatement insert) throws SQLException {
            insert.clearWarnings();
            try {
                var end = new StringBuilder(Integer.toString(insert.executeUpdate()));
                for (SQLWarning warning = insert.getWarnings(); warning != null; warning = warning.getNextWarning()) end.append(", ").append(warning.getMessage());
                return end.toString();
            } catch (SQLException e) {
                return e.getSQLState() + " " + e.getMessage().lines().findFirst().orElse("");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"warning|", "passing|", "passing|, after-row-triggers = allow", "warning|, order-by = id"})
    void a_warning_at_the_commit_goes_to_the_client_of_its_row(String table, String more) throws Exception {
        postgres.execute("truncate warning, passing");
        try (TestProxy proxy = proxy(table, more == null ? "" : more)) {
            var storm = new Storm(proxy, "insert into " + table + " (id) values (?)", (insert, nr) -> insert.setInt(1, nr));
            storm.told.forEach((nr, end) -> assertThat(end).isEqualTo("1, late " + nr));
            CoalesceSnapshot counted = counted(proxy);
            assertThat(counted.rows().keySet()).as("%s", counted).containsOnly(InsertWay.DEFERRED);
        }
    }

    @Test
    void a_warning_at_the_commit_goes_to_the_client_of_its_row_where_repeated_keys_are_acknowledged() throws Exception {
        postgres.execute("truncate warning");
        try (TestProxy proxy = proxy("warning", ", dedup-by = id")) {
            try (Connection first = proxy.connect("preferQueryMode", "simple")) {
                var nr = new AtomicInteger(-1);
                await().until(() -> {
                    TestProxy.execute(first, "insert into warning (id) values (" + nr.getAndDecrement() + ")");
                    return counted(proxy).dedup().state().equals("on");
                });
            }
            // A named Parse goes by itself, with what comes with it.
            var storm = new Storm(proxy, "insert into warning (id) values (?)", (insert, nr) -> insert.setInt(1, nr / 3));
            storm.told.forEach((nr, end) -> assertThat(end).matches("1, late " + nr / 3 + "|0|23505 ERROR: duplicate key value violates unique constraint \"warning_pkey\""));
            assertThat(storm.told.values().stream().filter(end -> end.startsWith("1"))).hasSize(CLIENTS * ROWS / 3);
            assertThat(storm.told.values().stream().filter(end -> end.startsWith("23505")).count()).isLessThanOrEqualTo(CLIENTS);
        }
    }

    /// A table without functions of users shares commits, whatever triggers others have.
    @ParameterizedTest
    @ValueSource(strings = {"beside", "searched", "policed"})
    void a_table_beside_shares_commits(String table) throws Exception {
        try (TestProxy proxy = proxy(table, "")) {
            var storm = new Storm(proxy, "insert into " + table + " (id) values (?)", (insert, nr) -> insert.setInt(1, nr));
            assertThat(storm.told.values()).containsOnly("1");
            assertThat(counted(proxy).batches()).isPositive();
        }
    }

    /// A policy that calls a function of users, or reads what may be a view that does.
    @ParameterizedTest
    @ValueSource(strings = {"judged", "asked"})
    void a_table_whose_policies_may_call_functions_of_users_shares_no_commits(String table) throws Exception {
        try (TestProxy proxy = proxy(table, "")) {
            var storm = new Storm(proxy, "insert into " + table + " (id) values (?)", (insert, nr) -> insert.setInt(1, nr));
            assertThat(storm.told.values()).containsOnly("1");
            CoalesceSnapshot counted = counted(proxy);
            assertThat(counted.rows().keySet()).as("%s", counted).containsOnly(InsertWay.DEFERRED);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "100000"})
    void a_row_whose_deferred_reference_fails_at_the_commit_fails_alone(String copyFrom) throws Exception {
        postgres.execute("truncate referring");
        try (TestProxy proxy = proxy("referring", ", copy-from-rows = " + copyFrom)) {
            var storm = new Storm(proxy, "insert into referring (id, parent) values (?, ?)", (insert, nr) -> {
                insert.setInt(1, nr);
                insert.setInt(2, nr % 20 == 0 ? 77 : 1 + nr % 10);
            });
            storm.told.forEach((nr, end) -> assertThat(end).isEqualTo(nr % 20 == 0 ? "23503 ERROR: insert or update on table \"referring\" violates foreign key constraint \"later\"" : "1"));
            assertThat(postgres.query("select count(*) from referring")).isEqualTo(Integer.toString(CLIENTS * ROWS - CLIENTS * ROWS / 20));
            CoalesceSnapshot counted = counted(proxy);
            assertThat(counted.batches()).isPositive();
            assertThat(counted.failures()).as("%s", counted).containsKey("23503");
        }
    }

    @Test
    void of_two_rows_that_a_deferred_key_forbids_at_the_commit_one_fails() throws Exception {
        try (TestProxy proxy = proxy("deferred_key", "")) {
            var storm = new Storm(proxy, "insert into deferred_key (id, k) values (?, ?)", (insert, nr) -> {
                insert.setInt(1, nr);
                insert.setInt(2, nr / 10 * 10 + Math.min(nr % 10, 8));   // of ten rows the last two are at odds
            });
            for (int nr = 0; nr < CLIENTS * ROWS; nr++) {
                if (nr % 10 < 8) assertThat(storm.told.get(nr)).isEqualTo("1");
                if (nr % 10 == 9) assertThat(new String[] {storm.told.get(nr - 1), storm.told.get(nr)})
                        .containsExactlyInAnyOrder("1", "23505 ERROR: duplicate key value violates unique constraint \"once\"");
            }
            assertThat(postgres.query("select count(*) from deferred_key")).isEqualTo(Integer.toString(CLIENTS * ROWS / 10 * 9));
        }
    }

    /// Each needs the other, and neither could be there alone.
    @Test
    void rows_that_would_keep_a_deferred_reference_only_together_fail_as_they_do_alone() throws Exception {
        try (TestProxy proxy = proxy("rings", "")) {
            var storm = new Storm(proxy, "insert into rings (id, next) values (?, ?)", (insert, nr) -> {
                insert.setInt(1, nr);
                insert.setInt(2, nr ^ 1);
            });
            assertThat(storm.told.values()).containsOnly("23503 ERROR: insert or update on table \"rings\" violates foreign key constraint \"ring\"");
        }
    }
}
