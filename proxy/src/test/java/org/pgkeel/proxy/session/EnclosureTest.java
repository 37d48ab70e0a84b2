package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.StatementClass;

/// Whose COMMIT may be held back.
class EnclosureTest {
    private static StatementClass read(String text) {
        return Classifier.classify(text, Dialect.USUAL, Catalogue.of(List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "begin; insert into t values (1); commit", "insert into t values (0); start transaction read write; insert into t values (1); end", "begin; begin; select f(); commit and chain",
        "begin; savepoint a; insert into t values (1); rollback to a; release a; commit", "begin; set transaction isolation level serializable; call p(); commit",
        "begin; copy t to stdout; notify n; set local a.b = 1; create table x (); commit"})
    void a_text_that_begins_a_transaction_is_in_it_at_its_end(String text) {
        assertThat(Enclosure.endsWithCommit(read(text), false)).isTrue();
        assertThat(Enclosure.endsWithCommit(read(text), true)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"insert into t values (1); commit", "select 1; commit and chain", "vacuum t; end"})
    void one_that_begins_none_is_in_one_only_if_its_client_is(String text) {
        assertThat(Enclosure.endsWithCommit(read(text), false)).isFalse();
        assertThat(Enclosure.endsWithCommit(read(text), true)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "commit", "select 1", "begin; insert into t values (1)", "begin; insert into t values (1); rollback", "begin; insert into t values (1); commit; select 1",
        "begin; insert into t values (1); commit; begin; insert into t values (2); commit", "begin; rollback; begin; insert into t values (1); commit", "begin; prepare transaction 'a'; begin; commit",
        "begin; copy t from stdin; commit", "begin; declare c cursor for select 1; commit", "begin; execute s; commit", "begin; commit prepared 'a'; commit", "begin; mystery; commit",
        "begin; insert into t values (1); commit prepared 'a'"})
    void what_ends_more_or_is_not_surely_in_one_is_left_as_it_is(String text) {
        assertThat(Enclosure.endsWithCommit(read(text), false)).isFalse();
        assertThat(Enclosure.endsWithCommit(read(text), true)).isFalse();
    }
}
