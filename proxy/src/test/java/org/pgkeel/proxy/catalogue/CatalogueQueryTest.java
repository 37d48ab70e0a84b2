package org.pgkeel.proxy.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.catalogue.Catalogue.Function;
import org.pgkeel.proxy.catalogue.Catalogue.Hazard;
import org.pgkeel.proxy.catalogue.Catalogue.Procedure;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// The query on a real server: what hides a write is found however deep it lies.
class CatalogueQueryTest {
    static Catalogue fetch(Connection connection) throws SQLException {
        List<Catalogue.Row> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            statement.execute("set search_path = pg_catalog");
            try (ResultSet result = statement.executeQuery(CatalogueQuery.SQL)) {
                while (result.next()) rows.add(new Catalogue.Row(result.getString(1).charAt(0), result.getString(2)));
            }
        }
        return Catalogue.of(rows);
    }

    private static Catalogue of(String database, String... ddl) throws SQLException {
        PostgresFixture postgres = SharedPostgres.get();
        postgres.executeIn("postgres", "drop database if exists " + database, "create database " + database);
        postgres.executeIn(database, ddl);
        try (Connection connection = postgres.connectAsSuperuser(database)) {
            return fetch(connection);
        } finally {
            postgres.executeIn("postgres", "drop database " + database);
        }
    }

    @Test
    void functions_are_harmless_only_if_all_of_the_name_are() throws SQLException {
        Catalogue catalogue = of("catalogue_functions",
                "create sequence s",
                "create function stable_one() returns int language sql stable as 'select 1'",
                "create function volatile_one() returns int language sql volatile as 'select 1'",
                "create function mixed(int) returns int language sql stable as 'select 1'",
                "create function mixed(text) returns int language sql as 'select 1'",
                "create schema other", "create function other.lower(int) returns int language sql as 'select 1'",
                "create function by_default(n bigint default nextval('s')) returns bigint language sql stable as 'select n'",
                "create function by_body() returns bigint language sql stable begin atomic select nextval('s'); end",
                "create function step(int, int) returns int language sql as 'select 1'",
                "create aggregate summing(int) (sfunc = step, stype = int)",
                "create type pair as (a int, b int)",
                "create function of_row(pair) returns int language sql as 'select 1'");

        assertThat(catalogue.function("stable_one")).isEqualTo(Function.HARMLESS);
        for (String name : List.of("volatile_one", "mixed", "lower", "by_default", "by_body", "summing", "nextval", "txid_current", "of_row")) {
            assertThat(catalogue.function(name)).as(name).isEqualTo(Function.MAY_WRITE);
        }
        assertThat(catalogue.function("upper")).isEqualTo(Function.HARMLESS);
        assertThat(catalogue.function("random")).isEqualTo(Function.HARMLESS);
        assertThat(catalogue.function("no_such")).isEqualTo(Function.UNKNOWN);
        assertThat(catalogue.hazard("of_row")).isEqualTo(Hazard.ROW_FUNCTION);
        assertThat(catalogue.isUnsafe()).isFalse();
    }

    @Test
    void a_procedure_is_contained_if_none_of_the_name_could_end_a_transaction() throws SQLException {
        Catalogue catalogue = of("catalogue_procedures",
                "create table t (a int primary key)", "create schema other",
                "create procedure plain(a int) language plpgsql as $$ begin insert into t values (a) on conflict do nothing; end $$",
                "create procedure updating(a int) language plpgsql as $$ begin insert into t values (a) on conflict (a) do update set a = 1; end $$",
                "create procedure in_sql(a int) language sql as 'insert into t values (a)'",
                "create procedure in_standard_sql(a int) begin atomic insert into t values (a); end",
                "create procedure mentions() language plpgsql as $$ begin -- commit is for the caller\n raise notice 'do not call; it''s no rollback'; /* commit * / ** */ end $$",
                "create procedure commits() language plpgsql as $$ begin COMMIT; end $$",
                "create procedure rolls_back() language plpgsql as $$ begin if true then rollback and chain;end if; end $$",
                "create procedure calls() language plpgsql as $$ begin call commits(); end $$",
                "create procedure does() language plpgsql as $$ begin do 'begin commit; end'; end $$",
                "create procedure hidden_by_quotes() language plpgsql as $$ begin raise notice e'\\'--'; commit; raise notice ''; end $$",
                "create procedure hidden_by_dollars() language plpgsql as $x$ begin raise notice $$ it's $$; commit; raise notice $$ it's $$; end $x$",
                "create procedure nested() language plpgsql as $$ begin /* /* a */ commit; */ end $$",
                "create procedure vacuums() language plpgsql as $$ begin execute 'vacuum t'; end $$",
                "create procedure mixed(a int) language plpgsql as $$ begin null; end $$", "create procedure other.mixed(a text) language plpgsql as $$ begin commit; end $$",
                "create function no_procedure() returns void language plpgsql as $$ begin null; end $$");
        for (String name : List.of("plain", "updating", "in_sql", "in_standard_sql", "mentions")) assertThat(catalogue.procedure(name)).as(name).isEqualTo(Procedure.CONTAINED);
        for (String name : List.of("commits", "rolls_back", "calls", "does", "hidden_by_quotes", "hidden_by_dollars", "nested", "vacuums", "mixed")) assertThat(catalogue.procedure(name)).as(name).isEqualTo(Procedure.MAY_END);
        for (String name : List.of("no_procedure", "none")) assertThat(catalogue.procedure(name)).as(name).isEqualTo(Procedure.UNKNOWN);
    }

    @Test
    void relations_types_and_operators_that_rest_on_what_writes_are_hazards() throws SQLException {
        Catalogue catalogue = of("catalogue_relations",
                "create sequence s", "create table plain (a int)", "create view harmless as select lower('A') from plain",
                "create view writing as select nextval('s')", "create view above as select * from (select 1 from writing) x", "create view sorted as select 1 order by (select nextval('s'))",
                "create unlogged table lost (a int)", "create view of_lost as select * from lost",
                "create table parent (a int) partition by list (a)", "create unlogged table child partition of parent for values in (1)",
                "create function noisy(anyelement) returns bool language sql volatile as 'select true'",
                "create table guarded (a int)", "alter table guarded enable row level security", "create policy p on guarded using (noisy(a))",
                "create domain checked as int check (noisy(value))", "create table with_domain (a checked)", "create type composed as (a checked)",
                "create function takes(checked) returns int language sql immutable as 'select 1'",
                "create function differs(int, int) returns bool language sql as 'select true'",
                "create operator @@> (leftarg = int, rightarg = int, function = differs)", "create view by_operator as select 1 @@> 2 as x",
                "create materialized view kept as select nextval('s')",
                "create extension file_fdw", "create server f foreign data wrapper file_fdw", "create foreign table elsewhere (a text) server f options (filename '/dev/null')");

        for (String name : List.of("writing", "above", "sorted", "guarded", "with_domain", "by_operator")) assertThat(catalogue.hazard(name)).as(name).isNotNull();
        for (String name : List.of("lost", "of_lost", "parent", "child")) assertThat(catalogue.hazard(name)).as(name).isEqualTo(Hazard.UNLOGGED);
        for (String name : List.of("checked", "composed", "_checked")) assertThat(catalogue.hazard(name)).as(name).isEqualTo(Hazard.TYPE);
        for (String name : List.of("plain", "harmless", "kept", "pg_class", "pg_tables", "tables", "int4", "text")) assertThat(catalogue.hazard(name)).as(name).isNull();
        assertThat(catalogue.hazard("elsewhere")).isEqualTo(Hazard.FOREIGN);
        assertThat(catalogue.hazard("pg_locks")).isEqualTo(Hazard.VIEW);
        assertThat(catalogue.function("takes")).isEqualTo(Function.MAY_WRITE);
        assertThat(catalogue.operatorMayWrite("@@>")).isTrue();
        assertThat(catalogue.operatorMayWrite("->>")).isFalse();
    }

    @Test
    void what_has_no_name_in_a_statement_makes_all_of_them_writes() throws SQLException {
        Catalogue catalogue = of("catalogue_unsafe", "create function differs(int, text) returns bool language sql as 'select true'",
                "create operator = (leftarg = int, rightarg = text, function = differs)");
        assertThat(catalogue.isUnsafe()).isTrue();
    }

    @Test
    void the_built_in_list_calls_nothing_harmless_that_this_server_does_not() throws SQLException {
        Catalogue fetched = of("catalogue_builtin");
        for (String name : BuiltinFunctions.harmless()) assertThat(fetched.function(name)).as(name).isNotEqualTo(Function.MAY_WRITE);
        assertThat(BuiltinFunctions.harmless()).hasSizeGreaterThan(2_400).contains("lower", "count", "now", "random").doesNotContain("nextval", "set_config", "txid_current", "query_to_xml");
        assertThat(BuiltinFunctions.harmless()).noneMatch(BuiltinFunctions.mayWrite()::contains);
    }
}
