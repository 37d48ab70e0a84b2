package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LastCommitTest {
    /// The COMMIT begins at the bar.
    @ParameterizedTest
    @ValueSource(strings = {
        "begin; insert into t values (1); |commit", "|commit", "begin;select 1;|END;; ;", "select 1; |Commit Work -- over; it's", "/* a */ select 1 ; /* b */ |commit transaction ;\n-- over\n",
        "begin; |commit /* a=1 */; /* /* over */ */",
        "select ';commit'; |commit and chain", "select 1;|end work and no chain", "select $$;commit$$; |commit", "select E'\\'; commit'; |commit", "insert into \"x;commit\" values (1);|commit",
        "create rule r as on insert to t do also (select 1; select 2); |commit", "do $$ begin commit; end $$; |commit",
        "create function f() returns int begin atomic select 1; select case when true then 2 end; end; |end",
        "create or replace procedure p() language sql begin atomic insert into t values (1); end; |commit"})
    void it_is_found_at_the_end_of_a_text(String marked) {
        int place = marked.indexOf('|');
        assertThat(LastCommit.place(marked.replace("|", ""), Dialect.USUAL)).hasValue(place);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", ";", "select 1", "commit; select 1", "begin; commit prepared 'a'", "begin; commit and", "begin; commit chain", "begin; commit work transaction", "begin; commit and no", "begin; commit 1",
        "begin; rollback", "begin; abort", "begin; rollback to a", "begin; prepare transaction 'a'", "select 'a; commit", "select 1 /* ; commit", "select $a$; commit", "select (1; commit", "select 1 commit",
        "create function f() returns int begin atomic select 1; end", "create or replace function f() returns int begin atomic select case when true then 2 end; end;"})
    void anything_else_is_none(String text) {
        assertThat(LastCommit.place(text, Dialect.USUAL)).isEmpty();
    }

    /// Where what stands behind it could be wrong, the server is to see the text as a whole.
    @ParameterizedTest
    @ValueSource(strings = {"begin; commit /*", "begin; commit /* /* */", "begin; commit /* -- */", "begin; commit -- /*", "begin; commit */ /*", "begin; commit -- \u00c3\u00a9", "begin; commit\u00a0"})
    void none_is_found_with_something_behind_it_that_could_be_wrong(String text) {
        assertThat(LastCommit.place(text, Dialect.USUAL)).isEmpty();
    }

    @Test
    void a_string_ends_where_the_client_means() {
        assertThat(LastCommit.place("select 'a\\'; commit", Dialect.USUAL)).hasValue(13);
        assertThat(LastCommit.place("select 'a\\'; commit", new Dialect(false, Characters.UTF8))).isEmpty();
    }
}
