package org.pgkeel.proxy.statement;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreparedEndTest {
    @ParameterizedTest
    @ValueSource(strings = {"commit prepared 'a b'", " Commit /* x */ PREPARED\n'a b' ; -- over", "COMMIT PREPARED'a b';;"})
    void the_literal_is_as_it_was_written(String text) {
        assertThat(PreparedEnd.read(text, Dialect.USUAL)).contains(new PreparedEnd(true, "'a b'"));
    }

    @Test
    void every_kind_of_literal_is_one() {
        assertThat(PreparedEnd.read("rollback prepared $x$it's$x$", Dialect.USUAL)).contains(new PreparedEnd(false, "$x$it's$x$"));
        assertThat(PreparedEnd.read("rollback prepared E'it\\'s'", Dialect.USUAL)).contains(new PreparedEnd(false, "E'it\\'s'"));
        assertThat(PreparedEnd.read("rollback prepared U&'a' uescape '!'", Dialect.USUAL)).contains(new PreparedEnd(false, "U&'a' uescape '!'"));
        assertThat(PreparedEnd.read("rollback prepared 'it''s'", Dialect.USUAL)).contains(new PreparedEnd(false, "'it''s'"));
        assertThat(PreparedEnd.read("commit prepared 'it\\'s'", new Dialect(false, Characters.UTF8))).contains(new PreparedEnd(true, "'it\\'s'"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "commit", "commit prepared", "commit prepared a", "commit prepared 'a' 'b'", "commit prepared 'a'; select 1", "prepare transaction 'a'", "end prepared 'a'",
            "rollback to savepoint 'a'"})
    void anything_else_is_none(String text) {
        assertThat(PreparedEnd.read(text, Dialect.USUAL)).isEmpty();
    }
}
