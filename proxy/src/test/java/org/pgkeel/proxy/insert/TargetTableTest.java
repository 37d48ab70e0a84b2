package org.pgkeel.proxy.insert;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// What a server's catalogue says of a table, and what the guard notices of it.
class TargetTableTest {
    private Connection connection;

    @BeforeEach
    void connect() throws SQLException {
        connection = SharedPostgres.get().connect();
        execute("drop table if exists ci_t");
    }

    @AfterEach
    void close() throws SQLException {
        execute("drop table if exists ci_t");
        connection.close();
    }

    @Test
    void a_type_that_hides_one_of_the_servers_own_keeps_the_table_from_copy() throws Exception {
        execute("create table ci_t (a int, b text)");
        execute("drop schema if exists ci_hidden cascade; create schema ci_hidden; create type ci_hidden.uuid as enum ('x')");
        try {
            execute("set search_path to public, pg_catalog, ci_hidden");
            assertThat(table().isEligible()).isTrue();
            execute("set search_path to ci_hidden, public, pg_catalog");
            assertThat(table().isEligible()).isFalse();
        } finally {
            execute("reset search_path; drop schema ci_hidden cascade");
        }
    }

    /// Rows of others behind it in one transaction would be read by what it has set.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"perform set_config('timezone', new.b, true); | false", "perform set_config('timezone', new.b, false); | false", "set timezone to 'Asia/Tokyo'; | false",
        "if new.a = 1 then\tSET  timezone = 'Asia/Tokyo'; end if; | false", "set session datestyle to dmy; | false", "execute 'set local datestyle to dmy'; | false", "insert into ci_t values (txid_current()); | false",
        "update ci_t set b = 'x' where a = 1; | true", "insert into ci_t values (1) on conflict do nothing; | true"})
    void a_trigger_that_sets_something_keeps_its_rows_from_sharing_a_commit(String body, boolean shares) throws Exception {
        execute("create table ci_t (a int, b text); create or replace function ci_f() returns trigger language plpgsql as $$ begin " + body + " return new; end $$;"
                + "create trigger ci_trigger before insert on ci_t for each row execute function ci_f()");
        assertThat(table().sharesCommits()).isEqualTo(shares);
    }

    @Test
    void the_guard_notices_every_change_that_matters() throws Exception {
        execute("create table ci_t (a int, b text); create rule ci_rule as on update to ci_t do also nothing; "
                + "create or replace function ci_f() returns trigger language plpgsql as 'begin return new; end';"
                + "create trigger ci_trigger after insert on ci_t for each row execute function ci_f()");
        for (String ddl : List.of("create rule ci_rule2 as on insert to ci_t do also nothing", "create or replace trigger ci_trigger before insert on ci_t for each row execute function ci_f()",
                "create or replace trigger ci_trigger after insert on ci_t referencing new table as fresh for each row execute function ci_f()",
                "alter table ci_t enable row level security", "alter table ci_t add c int", "alter table ci_t alter b type varchar(3)", "alter table ci_t drop column b", "alter table ci_t rename to ci_other; alter table ci_other rename a to z",
                "create schema ci_first; create table ci_first.ci_t (a int, b text); set local search_path to ci_first, public")) {
            checkNoticed(TargetTable.GUARD, ddl);
        }
    }

    @Test
    void the_guard_of_a_partitioned_table_notices_what_changes_in_its_partitions() throws Exception {
        execute("drop table if exists ci_apart; create table ci_t (a int, b text) partition by range (a); create table ci_part partition of ci_t for values from (0) to (10); create table ci_apart (a int, b text); "
                + "create or replace function ci_f() returns trigger language plpgsql as 'begin return new; end'");
        for (String ddl : List.of("alter table ci_t attach partition ci_apart for values from (10) to (20)", "alter table ci_t detach partition ci_part", "drop table ci_part",
                "create table ci_rest partition of ci_t default", "create trigger ci_trigger before insert on ci_part for each row execute function ci_f()",
                "alter table ci_part add check (b <> '')", "alter table ci_t add c int")) {
            checkNoticed(TargetTable.TREE_GUARD, ddl);
        }
        execute("drop table ci_apart");
    }

    private void checkNoticed(String guardText, String ddl) throws SQLException {
        connection.setAutoCommit(false);
        TargetTable before = table();
        try (var guard = connection.prepareStatement(guardText.replace("$1", before.oid() + "::oid").replace("$2", "'" + before.fingerprint() + "'").replace("$3", "'ci_t'"))) {
            assertThat(guard.executeQuery().next()).isTrue();
            execute(ddl);
            String state = "none";
            try {
                guard.executeQuery().close();
            } catch (SQLException e) {
                state = e.getSQLState();
            }
            assertThat(state).as(ddl).isEqualTo("22012");
        }
        connection.rollback();
        connection.setAutoCommit(true);
    }

    private TargetTable table() throws SQLException {
        return KnownTable.ask(connection, "ci_t");
    }

    private void execute(String sql) throws SQLException {
        Sql.execute(connection, sql);
    }
}
