package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.catalogue.Catalogue;

class StatementsTest {
    static List<StatementCorpus.Entry> corpus() {
        return StatementCorpus.ENTRIES;
    }

    /// Effects as words: `SetParameter work_mem=4MB`.
    static String words(List<Effect> effects) {
        return effects.stream().map(effect -> switch (effect) {
            case Effect.SetParameter(String name, String value) -> "Set " + name + "=" + value;
            case Effect.SetToBound(String name, int number) -> "Bound " + name + "=$" + number;
            case Effect.VacateDatabase(String name) -> "Vacate " + name;
            case Effect.SetLocal(String name, _) -> "Local " + name;
            case Effect.ResetParameter(String name) -> "Reset " + name;
            case Effect.Discard(Effect.Discard.What what) -> "Discard " + what;
            case Effect.Commit(boolean andChain) -> andChain ? "Commit and chain" : "Commit";
            case Effect.Rollback(boolean andChain) -> andChain ? "Rollback and chain" : "Rollback";
            case Effect.Savepoint(String name) -> "Savepoint " + name;
            case Effect.RollbackTo(String name) -> "RollbackTo " + name;
            case Effect.Release(String name) -> "Release " + name;
            case Effect.PrepareStatement(Effect.Name name) -> "Prepare " + name.value();
            case Effect.ExecuteStatement(Effect.Name name) -> "Execute " + name.value();
            case Effect.Deallocate(Effect.Name name) -> "Deallocate " + name.value();
            case Effect.Listen(String channel) -> "Listen " + channel;
            case Effect.Unlisten(String channel) -> "Unlisten " + channel;
            case Effect.Pin(PinReason reason) -> "Pin " + reason.word();
            case Effect.Begin _, Effect.ResetAll _, Effect.DiscardAll _, Effect.PrepareTransaction _,
                    Effect.DeallocateAll _, Effect.UnlistenAll _, Effect.CloseCursor _, Effect.CloseAll _, Effect.AdvisoryUnlock _,
                    Effect.AdvisoryUnlockAll _, Effect.SessionSequence _, Effect.Ddl _, Effect.TemporaryTable _ -> effect.getClass().getSimpleName();
        }).collect(Collectors.joining(", "));
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void the_effects_of_a_statement_are_found(StatementCorpus.Entry entry) {
        List<Statement> statements = Statements.parse(entry.sql(), Dialect.USUAL);
        assertThat(statements).hasSize(1);
        assertThat(words(statements.getFirst().effects())).isEqualTo(entry.effects());
    }

    private static List<String> texts(String sql) {
        return Statements.parse(sql, Dialect.USUAL).stream().map(statement -> sql.substring(statement.from(), statement.to())).toList();
    }

    @Test void a_text_is_split_at_semicolons_outside_of_quotes_and_parentheses() {
        assertThat(texts("select 1; select ';' ; select \";\"; select $$;$$; select /* ; */ 2 -- ;\n; select 3"))
                .containsExactly("select 1", "select ';'", "select \";\"", "select $$;$$", "select /* ; */ 2", "select 3");
        assertThat(texts("create rule r as on insert to t do (select 1; select 2); select 3"))
                .containsExactly("create rule r as on insert to t do (select 1; select 2)", "select 3");
    }

    @Test void empty_statements_are_left_out() {
        assertThat(texts("")).isEmpty();
        assertThat(texts(" ; /* nothing */ ;; -- none")).isEmpty();
        assertThat(texts(";;select 1;;select 2;")).containsExactly("select 1", "select 2");
    }

    @Test void the_body_of_an_sql_routine_is_not_split() {
        String routine = "create or replace procedure p() begin atomic select case when true then 1 else 2 end; "
                + "insert into t select set_config('a', 'b', false); end";
        assertThat(texts(routine + "; select 1")).containsExactly(routine, "select 1");
        String function = "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1";
        assertThat(texts(function + "; begin; select 1; end")).containsExactly(function, "begin", "select 1", "end");
    }

    @Test void names_in_the_body_of_an_sql_routine_do_not_end_it() {
        for (String label : List.of("1 end", "1 as end", "1 case", "1 as case", "case 1 when 1 then 2 end case", "t.end from t", "begin.atomic from begin")) {
            String routine = "create function f() returns int begin atomic select " + label + "; select 2; end";
            assertThat(texts(routine + "; set work_mem = '4MB'; select 3")).containsExactly(routine, "set work_mem = '4MB'", "select 3");
        }
        assertThat(texts("create procedure p() begin atomic end; select 1")).containsExactly("create procedure p() begin atomic end", "select 1");
    }

    /// An event loop reads them, and others wait.
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ParameterizedTest
    @ValueSource(strings = {"select into temp table ", "select set_config(", "select u&\"x\" uescape ", "prepare a as ", "select '", "create temp table x on commit drop as ", "((((", "/*", "$a$ $b$", "with x as (",
        "do $$ set_config(,", "select 1111111111_", "case end "})
    void a_long_text_of_anything_is_read_in_one_go(String piece) {
        String text = piece + piece.substring(piece.indexOf(' ') + 1).repeat((1 << 20) / piece.length()) + " on commit drop";
        int statements = Statements.parse(text, Dialect.USUAL).size();
        assertThat(Classifier.classify(text, Dialect.USUAL, Catalogue.builtin()).kinds()).hasSize(statements);
    }

    @Test void a_routine_may_be_named_as_its_body_begins() {
        String function = "create function begin() returns int language sql as 'select 1'";
        assertThat(texts(function + "; drop function begin(); commit")).containsExactly(function, "drop function begin()", "commit");
        assertThat(texts("alter procedure public.begin(int) rename to b; rollback")).containsExactly("alter procedure public.begin(int) rename to b", "rollback");
    }

    @Test void names_of_prepared_statements_are_found_where_they_stand() {
        String sql = "select 1; PREPARE \"My \"\"Plan\" (int) AS select 1; explain (analyze) EXECUTE Other(1)";
        List<Statement> statements = Statements.parse(sql, Dialect.USUAL);
        Effect.PrepareStatement prepare = (Effect.PrepareStatement) statements.get(1).effects().getFirst();
        assertThat(prepare.name().value()).isEqualTo("My \"Plan");
        assertThat(sql.substring(prepare.name().from(), prepare.name().to())).isEqualTo("\"My \"\"Plan\"");
        Effect.ExecuteStatement execute = (Effect.ExecuteStatement) statements.get(2).effects().getFirst();
        assertThat(sql.substring(execute.name().from(), execute.name().to())).isEqualTo("Other");
    }

    @Test void each_statement_of_a_text_has_its_own_effects() {
        List<Statement> statements = Statements.parse("begin; set x.y = 1; insert into t values (1); commit", Dialect.USUAL);
        assertThat(statements.stream().map(statement -> words(statement.effects())))
                .containsExactly("Begin", "Set x.y=1", "", "Commit");
    }

    @ParameterizedTest
    @ValueSource(strings = {"select $1", "insert into t values ('$2', $3)", "select 1::text||$12", "select E'\\'' , $1", "select '\\' , $1", "select $$a$$, $1"})
    void a_parameter_is_seen(String sql) {
        assertThat(Statements.hasParameter(sql, Dialect.USUAL)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1", "insert into users values ('$2a$10$N9qo8uLOickgx2ZMRZoMye')", "select $$ $1 $$", "select $a$ $1 $a$", "select \"$1\"", "select 1 -- $1",
        "select /* $1 */ 1", "select a$1 from t", "select E'\\'$1'", "select $"})
    void a_dollar_that_is_no_parameter_is_none(String sql) {
        assertThat(Statements.hasParameter(sql, Dialect.USUAL)).isFalse();
    }

    @Test void a_backslash_hides_a_quote_only_where_strings_do_not_conform() {
        assertThat(Statements.hasParameter("select '\\'$1'", Dialect.USUAL)).isTrue();
        assertThat(Statements.hasParameter("select '\\'$1'", new Dialect(false, Characters.UTF8))).isFalse();
    }

    @Test void values_beyond_ascii_are_known_in_utf8_alone() {
        String sql = "set app.tenant = 'M\u00c3\u00bcller'; select set_config('app.tenant', E'M\\u00fcller', false); set app.tenant to E'M\\xc3\\xbcller'; listen \"\u00c3\u00bc\"";
        assertThat(Statements.parse(sql, Dialect.USUAL).stream().map(statement -> words(statement.effects())))
                .containsExactly("Set app.tenant=M\u00fcller", "Set app.tenant=M\u00fcller", "Set app.tenant=M\u00fcller", "Listen \u00fc, Pin listen");
        for (String other : List.of("set app.tenant = 'M\u00fcller'", "set app.tenant = '\u00c3'", "set app.ten\u00c3\u00a4nt = '1'", "set app.tenant = E'\\ud83d\\udc18'")) {
            assertThat(words(Statements.parse(other, Dialect.USUAL).getFirst().effects())).as(other).isEqualTo("Pin set_config");
        }
        assertThat(words(Statements.parse(sql, Dialect.of("on", "LATIN1")).getFirst().effects())).isEqualTo("Pin set_config");
    }

    @Test void a_second_byte_is_no_backslash() {
        for (String encoding : List.of("SJIS", "BIG5", "gb18030")) {
            List<Statement> statements = Statements.parse("select E'\u0095\\'; set app.tenant = 'mine'", Dialect.of("on", encoding));
            assertThat(statements.stream().map(statement -> words(statement.effects()))).as(encoding).containsExactly("", "Set app.tenant=mine");
        }
        assertThat(Statements.parse("select E'\u00b1\\'; set app.tenant = 'mine'", Dialect.of("on", "SJIS"))).as("a letter of its own").hasSize(1);
    }

    @Test void cut_off_statements_are_read_to_their_end() {
        for (StatementCorpus.Entry entry : StatementCorpus.ENTRIES) {
            for (int length = 0; length < entry.sql().length(); length++) {
                Statements.parse(entry.sql().substring(0, length), Dialect.USUAL);
                Statements.parse(entry.sql().substring(length), new Dialect(false, Characters.UTF8));
            }
        }
    }
}
