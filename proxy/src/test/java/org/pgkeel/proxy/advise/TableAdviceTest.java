package org.pgkeel.proxy.advise;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// What a PostgreSQL says of a table of each kind.
class TableAdviceTest {
    private static final SchemaAdvice.Sizes SMALL = new SchemaAdvice.Sizes(1_500, 16_384, 65_536, 65_536, 1_000);

    private static PostgresFixture postgres;
    private static Connection connection;

    @BeforeAll
    static void start() throws SQLException {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute(
                "create schema advised", "create function advised.own(int) returns boolean immutable language sql as 'select true'",
                "create function advised.fires() returns trigger language plpgsql as 'begin return new; end'",
                "create domain advised.checked as int check (advised.own(value))",
                "create table advised.plain (id int primary key, a int)",
                "create table advised.\"Od\"\"d\" (a int)",
                "create table advised.with_rule (a int)", "create rule r as on insert to advised.with_rule do also select 1",
                "create table advised.with_rls (a int)", "alter table advised.with_rls enable row level security",
                "create table advised.with_before (a int)", "create trigger t_before before insert on advised.with_before for each row execute function advised.fires()",
                "create table advised.with_after (a int)", "create trigger t_after after insert on advised.with_after for each row execute function advised.fires()",
                "create table advised.with_check (a int, constraint c_own check (advised.own(a)))",
                "create table advised.with_default (a boolean default advised.own(1))",
                "create table advised.with_domain (a advised.checked)",
                "create table advised.with_index (a int)", "create index on advised.with_index (advised.own(a))",
                "create table advised.with_parent (id int primary key, parent int constraint k_parent references advised.with_parent)",
                "create view advised.a_view as select 1 a",
                "create table advised.parted (id int, at timestamptz) partition by range (id)", "create table advised.parted_1 partition of advised.parted for values from (0) to (10)",
                "create table advised.big (id bigint primary key, at timestamptz not null default now(), seldom int, often int)",
                "create index big_at on advised.big (at)", "create index big_seldom on advised.big (seldom)", "create index big_often on advised.big (often)",
                "insert into advised.big select i, '2026-01-01'::timestamptz + i * interval '1 second', case when i % 100 = 0 then i end, i from generate_series(1, 20000) i",
                "analyze advised.big",
                "create table advised.off (a int) with (autovacuum_enabled = off)");
        connection = DriverManager.getConnection("jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + PostgresFixture.DATABASE + "?sslmode=disable",
                PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD);
    }

    @AfterAll
    static void stop() throws SQLException {
        connection.close();
        postgres.close();
    }

    private static Candidate candidate(String table, String verdict) {
        return new Candidate("app", "app", table, verdict, "500.0", "0.0", "plain 500.0");
    }

    private static Advice of(String table, String verdict) throws SQLException {
        Candidate candidate = candidate("\"advised\".\"" + table + "\"", verdict);
        return CoalesceAdvice.of(connection, candidate, CoalesceAdvice.oidOf(connection, candidate).orElseThrow());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "plain        | way: COPY",
        "parted       | way: COPY",
        "with_rule    | way: shared commit; no COPY: it has a rule for INSERT",
        "with_rls     | way: shared commit; no COPY: row security is active for app",
        "with_before  | way: shared commit; no COPY: trigger t_before fires before a row, for the whole statement, or sees all its rows",
        "with_after   | its AFTER ROW triggers fire at the end of a COPY and see all its rows: COPY only with after-row-triggers = allow",
        "with_check   | way: shared commit; no COPY: functions of users are called: advised.own in constraint c_own",
        "with_default | way: shared commit; no COPY: functions of users are called: advised.own in a default",
        "with_domain  | way: shared commit; no COPY: functions of users are called: advised.own in domain constraint checked_check",
        "with_index   | way: shared commit; no COPY: functions of users are called: advised.own in an index",
        "with_parent  | way: shared commit; no COPY: foreign key k_parent refers to the table itself"})
    void the_catalogue_says_which_way_rows_would_go_and_why(String table, String found) throws SQLException {
        Advice advice = of(table, "copy");

        assertThat(advice.found()).isEqualTo("500.0 rows/s of user app could share commits (plain 500.0); " + found);
        assertThat(advice.change()).isEqualTo("coalesce = [ { table = \"advised." + table + "\" } ]   # proxy.conf");
    }

    @Test
    void row_security_does_not_stand_in_the_way_of_those_who_are_exempt() throws SQLException {
        Candidate candidate = new Candidate("app", PostgresFixture.SUPERUSER, "\"advised\".\"with_rls\"", "copy", "500.0", "0.0", "plain 500.0");

        assertThat(CoalesceAdvice.of(connection, candidate, CoalesceAdvice.oidOf(connection, candidate).orElseThrow()).found()).endsWith("way: COPY");
    }

    @Test
    void a_table_is_found_by_its_name_alone_if_there_is_one_of_that_name() throws SQLException {
        assertThat(CoalesceAdvice.oidOf(connection, candidate("\"Od\"\"d\"", "copy"))).isPresent();
        assertThat(CoalesceAdvice.oidOf(connection, candidate("\"od\"\"d\"", "copy"))).isEmpty();
        assertThat(CoalesceAdvice.oidOf(connection, candidate("\"public\".\"plain\"", "copy"))).isEmpty();
    }

    @Test
    void what_cannot_share_commits_is_told_with_what_the_application_could_change() throws SQLException {
        Candidate candidate = new Candidate("app", "app", "\"advised\".\"plain\"", "no", "0.0", "0.0", "in-transaction 900.0, plain 0.1");

        Advice advice = CoalesceAdvice.of(connection, candidate, CoalesceAdvice.oidOf(connection, candidate).orElseThrow());
        assertThat(advice.weight()).isEqualTo(Advice.Weight.KEEP);
        assertThat(advice.found()).contains("in-transaction 900.0");
        assertThat(advice.gain()).contains("autocommit");
        assertThat(advice.change()).isEmpty();
    }

    @Test
    void a_short_transaction_timeout_is_told() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("set transaction_timeout = '9s'");
            assertThat(of("plain", "copy").found()).contains("transaction_timeout is 9s");
            statement.execute("set transaction_timeout = '10s'");
            assertThat(of("plain", "copy").found()).doesNotContain("transaction_timeout");
            statement.execute("reset transaction_timeout");
        }
    }

    private static long oid(String table) throws SQLException {
        return Long.parseLong(Rows.of(connection, "select ?::regclass::oid::text o", table).getFirst().get("o"));
    }

    @Test
    void vacuum_that_comes_late_and_a_heap_for_all_times_and_unused_indexes_are_told() throws SQLException {
        List<Advice> all = SchemaAdvice.of(connection, oid("advised.big"), SMALL);

        assertThat(all).extracting(Advice::change).contains(
                "alter table advised.big set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 500000);",
                "drop index concurrently advised.big_often;");
        assertThat(all).anySatisfy(one -> assertThat(one.change()).startsWith("create table big_parted (like advised.big including defaults including constraints) partition by range (at);"));
        assertThat(all).allSatisfy(one -> {
            assertThat(one.gain()).isNotEmpty();
            assertThat(one.risk()).isNotEmpty();
        });
        assertThat(SchemaAdvice.of(connection, oid("advised.big"), SchemaAdvice.Sizes.USUAL)).isEmpty();
    }

    /// What is advised runs, and the advice is gone then.
    @Test
    void an_index_full_of_nulls_and_one_of_a_growing_column_are_told_with_sql_that_runs() throws Exception {
        try (var statement = connection.createStatement()) {
            statement.execute("create table advised.used (like advised.big)");
            statement.execute("insert into advised.used select * from advised.big");
            statement.execute("create index used_at on advised.used (at)");
            statement.execute("create index used_seldom on advised.used (seldom)");
            statement.execute("analyze advised.used");
            statement.execute("set enable_seqscan = off");
            statement.execute("select count(*) from advised.used where at = '2026-01-01'");
            statement.execute("select count(*) from advised.used where seldom = 100");
            statement.execute("reset enable_seqscan");
        }
        org.awaitility.Awaitility.await().untilAsserted(() -> {
            List<Advice> all = SchemaAdvice.of(connection, oid("advised.used"), SMALL);
            assertThat(all).extracting(Advice::change)
                    .anyMatch(sql -> sql.startsWith("create index concurrently on advised.used using brin (at);"))
                    .anyMatch(sql -> sql.startsWith("create index concurrently on advised.used (seldom) where seldom is not null;"));
        });
        try (var statement = connection.createStatement()) {
            for (Advice advice : SchemaAdvice.of(connection, oid("advised.used"), SMALL)) {
                if (!advice.change().startsWith("create index")) continue;
                for (String sql : advice.change().replaceAll("-- then[^:]*:", "").split(";")) statement.execute(sql);
            }
        }
        assertThat(SchemaAdvice.of(connection, oid("advised.used"), SMALL)).extracting(Advice::subject).doesNotContain("advised.used_at", "advised.used_seldom");
    }

    @Test
    void a_table_without_autovacuum_is_told() throws SQLException {
        assertThat(SchemaAdvice.of(connection, oid("advised.off"), SMALL)).extracting(Advice::change).containsExactly("alter table advised.off reset (autovacuum_enabled);");
    }

    @Test
    void tables_that_take_inserts_are_found_without_the_proxy() throws Exception {
        org.awaitility.Awaitility.await().untilAsserted(() -> assertThat(SchemaAdvice.insertHeavy(connection, SMALL)).contains(oid("advised.big")).doesNotContain(oid("advised.plain")));
    }
}
