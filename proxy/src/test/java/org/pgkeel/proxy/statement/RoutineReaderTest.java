package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.catalogue.Catalogue;

/// Of which CALL and DO it is told that they end no transaction.
class RoutineReaderTest {
    private static final Catalogue CATALOGUE = Catalogue.of(List.of(new Catalogue.Row('p', "put"), new Catalogue.Row('p', "Put"), new Catalogue.Row('f', "f"), new Catalogue.Row('p', "überweise"), new Catalogue.Row('q', "ends")));

    private static Optional<Routine> read(String sql) {
        return Classifier.classify(sql, Dialect.USUAL, CATALOGUE).contained();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "do $$ begin insert into t values (1); end $$", "do 'begin null; end'", "do language plpgsql $$begin end$$", "do $x$begin end$x$ language 'plpgsql' ;", "DO LANGUAGE \"plpgsql\" E'begin end'",
        "do $$ begin insert into t values (1) on conflict do nothing; insert into t values (1) on conflict (a) do update set b = 1; end $$",
        "do $$ begin -- call it a day; do commit\n raise notice 'rollback; call p(); do %', \"commit\"; /* commit */ end $$", "do $$ declare committed int; x.\"call\" int; begin end $$",
        "do $$ begin perform f(); execute 'insert into t values (1)'; begin null; exception when others then raise; end; end $$"})
    void code_without_the_words_that_end_a_transaction_ends_none(String sql) {
        assertThat(read(sql)).contains(new Routine.Code());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "do $$ begin commit; end $$", "do 'begin ROLLBACK and chain; end'", "do $$ begin call p(); end $$", "do $$ begin do 'begin commit; end'; end $$", "do $$ begin if a=1then commit;end if; end $$",
        "do $$ begin <<l>>commit; end $$", "do U&'begin c!006Fmmit; end' uescape '!'", "do E'begin \\x63ommit; end'", "do 'begin' '\ncommit; end'", "do 'begin '\n'commit; end'"})
    void with_them_it_may(String sql) {
        assertThat(read(sql)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "do language plpython3u $$pass$$", "do $$pass$$ language plpython3u", "do $$a$$ $$b$$", "do language $$begin end$$", "do", "do language plpgsql", "do $$begin end$$; select 1", "select 1; do $$begin end$$",
        "do $$begin execute 'vacuum t'; end$$", "do $$begin execute 'create  database ' || x; end$$", "do $$begin create index concurrently i on t (a); end$$",
        "do $$begin perform dblink_exec('c', 'insert'); end$$", "do $$begin execute 'select dblink(1)'; end$$"})
    void what_is_not_surely_such_code_may(String sql) {
        assertThat(read(sql)).isEmpty();
    }

    @Test
    void a_procedure_ends_none_if_the_catalogue_says_so() {
        assertThat(read("call put(1, f('x'))")).contains(new Routine.Procedure("put"));
        assertThat(read("CALL a.b.PUT ( $1 );")).contains(new Routine.Procedure("put"));
        assertThat(read("call \"Put\"()")).contains(new Routine.Procedure("Put"));
        for (String other : List.of("call ends(1)", "call put", "call put(1); call put(2)", "call \u00c3\u00bcberweise(1)", "call überweise(1)", "explain call put(1)", "select put(1)")) {
            assertThat(read(other)).as(other).isEmpty();
        }
    }

    @Test
    void nothing_is_known_of_one_that_the_catalogue_does_not_have() {
        for (String unheard : List.of("call other(1)", "call f(1)", "call put.other(1)", "call PUT2()")) assertThat(read(unheard)).as(unheard).contains(new Routine.Unheard());
        assertThat(read("call other(1); select 1")).isEmpty();
        assertThat(Classifier.classify("call put(1)", Dialect.USUAL, Catalogue.unknown()).contained()).contains(new Routine.Unheard());
    }
}
