package org.pgkeel.proxy.statement;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.catalogue.Catalogue.Row;
import org.pgkeel.proxy.statement.TransactionModes.Isolation;
import org.pgkeel.proxy.statement.TransactionModes.Mode;

class ClassifierTest {
    private static final Catalogue APP = Catalogue.of(rows());

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (String name : List.of("lower", "now", "count", "sum", "generate_series", "coalesce_all", "txid_current", "unnest", "row_number")) rows.add(new Row('f', name));
        for (String name : List.of("nextval", "f_volatile", "join", "setval")) rows.add(new Row('u', name));
        rows.add(new Row('v', "writing_view"));
        rows.add(new Row('e', "foreign_table"));
        rows.add(new Row('n', "unlogged_table"));
        rows.add(new Row('t', "checked_domain"));
        rows.add(new Row('c', "row_function"));
        rows.add(new Row('o', "@@>"));
        return rows;
    }

    private static StatementClass classOf(String sql) {
        return Classifier.classify(sql, Dialect.USUAL, APP);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "select 1", "SELECT * FROM t WHERE a = $1", "(select 1) union (select 2)", "values (1), (2)", "table t",
        "with x as (select 1) select * from x", "with recursive x(n) as (select 1 union all select n + 1 from x), y(m) as (select 2) select * from x, y",
        "select lower(a) from t", "select count(*) filter (where a > 1) over (partition by b) from t", "select t.a, u.b from t join u using (a)",
        "select 'nextval(''s'')'", "select \"insert\" from t", "select t.update from t", "select 1 -- insert into t", "select /* delete from t /* nested */ */ 1",
        "select $$ insert into t $$", "select $a$ $$ drop table t; $a$", "select E'it\\'s insert into t'", "select u&'\\0069nsert'",
        "select extract(year from a) from t", "select a::numeric(10, 2), cast(b as varchar(3)) from t", "select * from unnest($1::int[]) as u(a)",
        "select * from (values (1, 2)) v(a, b)", "select * from t x(a, b)", "select substring(a from 2 for 3) from t", "select a is distinct from b from t",
        "show work_mem", "show all", "explain select 1", "explain (analyze, buffers) select * from t", "explain analyze verbose select 1", "explain (select 1)",
        "copy t to stdout", "copy t (a, b) to stdout with (format csv)", "copy (select * from t) to stdout", "select 1; select 2;", "", ";", "select current_date, current_timestamp(3)",
        "select a from only (t)", "select * from generate_series(1, 10) with ordinality as g(n, o)", "select * from t tablesample system (10)", "select a from t order by a for read only",
        "select array(select 1), row(1, 2), exists (select 1)", "select interval '1' day", "select coalesce(a, b), nullif(a, b), greatest(1, 2) from t", "select 0x1F, 1_000, 1.5e3",
    })
    void what_can_only_read_is_a_read(String sql) {
        assertThat(classOf(sql)).matches(StatementClass::isRead, "a read: " + sql);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "insert into foreign_table values (1)", "insert into foreign_table (a) values (1)", "update public.foreign_table set a = 1", "update only foreign_table set a = 1", "delete from foreign_table", "truncate table foreign_table", "copy foreign_table (a) from stdin", "merge into foreign_table using t on true when matched then delete",
        "with x as (insert into foreign_table values (1) returning a) select * from x", "select 1; insert into foreign_table values (1)", "select dblink_exec('insert')",
        "select * from public.dblink('select 1') as t(a int)", "copy t from program 'cat'", "copy t (a) from program 'cat'", "copy t to program 'cat'", "copy (select 1) to program 'cat'", "truncate t, public.foreign_table",
        "prepare p as insert into foreign_table values ($1)", "prepare p (int, text) as insert into foreign_table values ($1)", "explain analyze insert into foreign_table values (1)", "create table x as select * from dblink('select 1') as t(a int)",
    })
    void what_may_do_something_elsewhere_is_told(String sql) {
        assertThat(classOf(sql)).matches(each -> each.actsElsewhere() && each.asWrite().actsElsewhere(), sql);
    }

    @ParameterizedTest
    @ValueSource(strings = {"select * from foreign_table", "insert into t values (1)", "insert into t select * from foreign_table", "delete from t using foreign_table", "copy foreign_table to stdout", "copy t from stdin", "copy t from '/file'", "select program from dblink", "prepare p as insert into t values (1)", "prepare p as select * from foreign_table", "prepare transaction 'x'", "truncate t, u", "copy program to stdout"})
    void what_stays_in_its_transaction_does_nothing_elsewhere(String sql) {
        assertThat(classOf(sql)).matches(each -> !each.actsElsewhere(), sql);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "insert into t values (1)", "update t set a = 1", "delete from t", "merge into t using u on true when matched then delete", "truncate t",
        "select * from t for update", "select * from t for share", "select * from t for no key update", "select * from t for key share", "select 1 into t",
        "with x as (insert into t values (1) returning a) select * from x", "select * from (with x as (delete from t returning *) select * from x) y",
        "select nextval('s')", "select NextVal('s')", "select \"nextval\"('s')", "select pg_catalog.nextval('s')", "select pg_catalog . /* x */ nextval ('s')",
        "select u&\"\\006eextval\"('s')", "select u&\"!006eextval\" uescape '!' ('s')", "select u&\"!006eextval\" uescape $$!$$ ('s')",
        "select f_volatile(1)", "select unknown_function(1)", "select join(1)", "select distinct on (a) f_unknown(1) from t", "select a operator(pg_catalog.+) f_unknown(1) from t",
        "select timestamp with time zone 'now', f_unknown(1)", "with x as (select 1) (select 1) order by 1, f_unknown(2)", "with x(a) as (select 1) select 1, f_unknown(2)",
        "select * from writing_view", "select * from public.writing_view", "select * from foreign_table", "select * from unlogged_table", "table unlogged_table", "copy unlogged_table to stdout",
        "select '1'::checked_domain", "select checked_domain '1'", "select t.row_function from t", "select a @@> b from t", "select a @@>- b from t", "select a operator(public.@@>) b from t",
        "select treat(1 as nextval)", "select 1into t", "select 1e5into t", "explain analyze insert into t values (1)", "explain delete from t", "explain (analyze) create table x as select 1",
        "copy t from stdin", "copy t to '/tmp/x'", "copy t to program 'cat'", "copy (insert into t values (1) returning a) to stdout", "copy (select nextval('s')) to stdout",
        "select 1; insert into t values (1)", "select 1;;; drop table t", "select /* */ 1; -- x\n delete from t", "select E'a' --c\n'\\'' || nextval('x') -- ')",
        "select 'a'\n'b' || nextval('s')", "select '\\' || nextval('s') || '\\'", "select $a$x$a$ || nextval('s')", "select --1\n nextval('s')", "select 1 */**/nextval('s')",
        "call p()", "do $$ begin end $$", "vacuum", "listen c", "notify c", "execute p", "declare c cursor for select 1", "fetch c", "lock t", "create table t (a int)", "nonsense", "select 1 \\ 2",
        "show transaction_read_only", "select current_setting('transaction_read_only')", "select current_setting('In_Hot_Standby')", "select * from pg_stat_activity", "select * from pg_temp.t", "select txid_current()",
        "select * from t tablesample mine (1)", "select xmltable.* from xmltable('/a' passing $1 columns a int path f_unknown(1))", "select t.distinct from writing_view",
    })
    void what_may_write_is_never_a_read(String sql) {
        assertThat(classOf(sql).access()).as(sql).isEqualTo(Access.WRITE);
    }

    @Test
    void backslashes_escape_where_strings_are_not_conforming() {
        var old = new Dialect(false, Characters.UTF8);
        String sql = "select 'a\\' || nextval(''s'') --'";
        assertThat(Classifier.classify(sql, old, APP).isRead()).isTrue();
        assertThat(classOf("select 'a\\' || nextval('s') --'").isRead()).isFalse();
        assertThat(Classifier.classify("select '\\'' || nextval('s')", old, APP).isRead()).isFalse();
    }

    @Test
    void bytes_that_may_be_half_of_a_character_are_not_read() {
        assertThat(Classifier.classify("select '\u0095\\'", new Dialect(true, Characters.SHIFT_JIS), APP).isRead()).isFalse();
        assertThat(Dialect.of("on", "SHIFT_JIS_2004").asciiSafe()).isFalse();
        assertThat(Dialect.of("on", "UTF8")).isEqualTo(Dialect.USUAL);
        assertThat(Dialect.of("false", "LATIN1")).isEqualTo(new Dialect(false, Characters.OTHERS));
    }

    @Test
    void before_the_catalogue_is_known_no_relation_is_trusted() {
        assertThat(Classifier.classify("select now()", Dialect.USUAL, Catalogue.unknown()).isRead()).isTrue();
        for (String sql : List.of("select * from t", "table t", "copy t to stdout", "select (select max(a) from t)", "select 1 x(a), f(1)")) {
            assertThat(Classifier.classify(sql, Dialect.USUAL, Catalogue.unknown()).isRead()).as(sql).isFalse();
            assertThat(Classifier.classify("/* */" + sql.replace("x(a), f(1)", ""), Dialect.USUAL, Catalogue.builtin()).isRead()).as(sql).isTrue();
        }
    }

    @Test
    void in_a_database_where_unnamed_things_write_nothing_is_a_read() {
        assertThat(Classifier.classify("select 1", Dialect.USUAL, Catalogue.of(List.of(new Row('x', "")))).isRead()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "begin                                     | TRANSACTION | BEGIN",
        "start transaction read only               | TRANSACTION | BEGIN",
        "commit                                    | TRANSACTION | COMMIT",
        "commit and no chain                       | TRANSACTION | COMMIT",
        "commit and chain                          | TRANSACTION | COMMIT_AND_CHAIN",
        "end transaction and chain                 | TRANSACTION | COMMIT_AND_CHAIN",
        "rollback and chain                        | TRANSACTION | ROLLBACK",
        "end work                                  | TRANSACTION | COMMIT",
        "rollback                                  | TRANSACTION | ROLLBACK",
        "abort transaction                         | TRANSACTION | ROLLBACK",
        "rollback work to savepoint a              | TRANSACTION | SAVEPOINT",
        "savepoint a                               | TRANSACTION | SAVEPOINT",
        "release a                                 | TRANSACTION | SAVEPOINT",
        "set transaction read only                 | TRANSACTION | SET_TRANSACTION",
        "prepare transaction 'x'                   | WRITE       | PREPARE_TRANSACTION",
        "commit prepared 'x'                       | WRITE       | FINISH_PREPARED",
        "rollback prepared 'x'                     | WRITE       | FINISH_PREPARED",
        "prepare transaction as select 1           | SESSION     | SESSION",
        "set work_mem = 1                          | SESSION     | SESSION",
        "set session characteristics as transaction read only | SESSION | SESSION",
        "reset all                                 | SESSION     | SESSION",
        "discard all                               | SESSION     | SESSION",
        "listen a                                  | WRITE       | LISTEN",
        "notify a                                  | WRITE       | NOTIFY",
        "copy t from stdin                         | WRITE       | COPY_IN",
        "copy t from '/x'                          | WRITE       | DATA",
        "call p()                                  | WRITE       | COMMITS_INSIDE",
        "create database x                         | WRITE       | COMMITS_INSIDE",
        "drop database x                           | WRITE       | COMMITS_INSIDE",
        "create index concurrently i on t (a)      | WRITE       | COMMITS_INSIDE",
        "alter system set work_mem = 1             | WRITE       | COMMITS_INSIDE",
        "alter table t detach partition p concurrently | WRITE   | COMMITS_INSIDE",
        "reindex table t                           | WRITE       | MAINTENANCE",
        "reindex (concurrently) table t            | WRITE       | COMMITS_INSIDE",
        "reindex table concurrently t              | WRITE       | COMMITS_INSIDE",
        "vacuum (analyze, verbose) t (a), s        | WRITE       | MAINTENANCE",
        "analyze                                   | WRITE       | MAINTENANCE",
        "cluster t using i                         | WRITE       | MAINTENANCE",
        "repack t                                  | WRITE       | MAINTENANCE",
        "repack (concurrently) t                   | WRITE       | COMMITS_INSIDE",
        "checkpoint                                | WRITE       | MAINTENANCE",
        "create table database (a int)             | WRITE       | DDL",
        "drop table t                              | WRITE       | DDL",
        "select 1                                  | READ        | QUERY",
        "execute p                                 | WRITE       | EXECUTE",
    })
    void kinds_tell_failover_what_it_has_to_know(String sql, Access access, StatementKind kind) {
        assertThat(classOf(sql).access()).isEqualTo(access);
        assertThat(classOf(sql).kinds()).containsExactly(kind);
        assertThat(classOf(sql).has(kind)).isTrue();
    }

    @Test
    void the_modes_of_a_transaction_are_read() {
        assertThat(classOf("begin isolation level serializable, read only, deferrable").modes()).isEqualTo(new TransactionModes(Mode.READ_ONLY, Isolation.SERIALIZABLE));
        assertThat(classOf("start transaction read write").modes().mode()).isEqualTo(Mode.READ_WRITE);
        assertThat(classOf("begin; set transaction read only").modes().mode()).isEqualTo(Mode.READ_ONLY);
        assertThat(classOf("begin isolation level repeatable read").modes()).isEqualTo(new TransactionModes(Mode.UNSAID, Isolation.REPEATABLE_READ));
        assertThat(classOf("begin isolation level read committed").modes().isolation()).isEqualTo(Isolation.READ_COMMITTED);
        assertThat(classOf("select 1").modes()).isEqualTo(TransactionModes.UNSAID);
    }

    @Test
    void a_text_has_the_heaviest_access_of_its_statements_and_all_their_kinds() {
        var both = classOf("begin read only; select * from t; set local work_mem = 1; commit");
        assertThat(both.access()).isEqualTo(Access.TRANSACTION);
        assertThat(both.kinds()).containsExactly(StatementKind.BEGIN, StatementKind.QUERY, StatementKind.SESSION, StatementKind.COMMIT);
        assertThat(classOf("select 1; insert into t values (1); commit").access()).isEqualTo(Access.WRITE);
    }

    @Test
    void names_beyond_ascii_are_named_in_letters() {
        var read = classOf(new String("/* pgkeel: grün */ select länge(a) from public.\"Zählung\", ÄPFEL".getBytes(UTF_8), ISO_8859_1));
        assertThat(read.relations()).containsExactly("public.Zählung", "Äpfel");
        assertThat(read.functions()).containsExactly("länge");
        assertThat(read.hint()).isEqualTo("grün");
    }

    @Test
    void relations_and_functions_are_named_as_written() {
        var read = classOf("select lower(a), pg_catalog.count(*) from Public.Orders o join \"Items\" i on o.a = i.a, only t, lateral generate_series(1, 2) g where exists (select from deep.er)");
        assertThat(read.relations()).containsExactly("public.orders", "Items", "t", "deep.er");
        assertThat(read.functions()).containsExactly("lower", "pg_catalog.count", "generate_series");
        assertThat(classOf("insert into invoices (a, b) select a, b from x").relations()).containsExactly("invoices", "x");
        assertThat(classOf("update app.payments set a = 1 from u").relations()).contains("app.payments", "u");
        assertThat(classOf("delete from t using u").relations()).contains("t");
        assertThat(classOf("truncate t").relations()).containsExactly("t");
        assertThat(classOf("copy public.t (a) to stdout").relations()).containsExactly("public.t");
        assertThat(classOf("copy t from stdin").relations()).containsExactly("t");
        assertThat(classOf("select extract(year from a) from t where a is not distinct from b").relations()).containsExactly("t");
        assertThat(classOf("select other.f(1)").functions()).containsExactly("other.f");
    }

    @Test
    void a_hint_is_what_a_comment_at_the_beginning_says() {
        assertThat(classOf("/* pgkeel: route=replica */ select 1").hint()).isEqualTo("route=replica");
        assertThat(classOf(" \n/*pgkeel:route=primary*/select 1").hint()).isEqualTo("route=primary");
        assertThat(classOf("select 1 /* pgkeel: route=replica */").hint()).isEmpty();
        assertThat(classOf("select '/* pgkeel: x */'").hint()).isEmpty();
        assertThat(classOf("/* other */ select 1").hint()).isEmpty();
        assertThat(classOf("/*/ pgkeel: x */ select 1").hint()).isEmpty();
    }

    @Test
    void a_reason_names_the_word_that_decided() {
        assertThat(classOf("select nextval('s')").why()).isEqualTo(new Why(Why.Reason.FUNCTION_MAY_WRITE, "nextval"));
        assertThat(classOf("select * from t for update").why()).isEqualTo(new Why(Why.Reason.LOCKS_ROWS, "for update"));
        assertThat(classOf("select * from unlogged_table").why()).isEqualTo(new Why(Why.Reason.UNLOGGED, "unlogged_table"));
        assertThat(classOf("set a = 1; insert into t values (1)").why()).isEqualTo(new Why(Why.Reason.MODIFIES, "insert"));
        assertThat(classOf("select 1").why().toString()).isEqualTo("it can only read");
    }
}
