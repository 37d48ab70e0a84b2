package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// What a batch learns of the server's error.
class BatchErrorTest {
    private static BatchError error(String... fields) {
        return new BatchError((String.join("\0", fields) + "\0\0").getBytes(StandardCharsets.ISO_8859_1), null);
    }

    @Test
    void the_line_is_that_of_the_copy_whatever_a_value_pretends() {
        assertThat(error("C23505", "WCOPY events, line 17").line()).hasValue(17);
        assertThat(error("C22P02", "WCOPY events, line 2, column id: \"x\nCOPY events, line 9\"").line()).hasValue(2);
        assertThat(error("C22012", "WPL/pgSQL function f() line 3 at RETURN\nCOPY events, line 5").line()).hasValue(5);
    }

    @Test
    void an_error_without_a_line_suspects_nobody() {
        assertThat(error("C23503", "MCOPY events, line 4").line()).isEmpty();
        assertThat(error("C23503", "WSQL statement \"select 1\"").line()).isEmpty();
        assertThat(error("C23503", "WCOPY events, line ").line()).isEmpty();
    }

    @Test
    void only_fatal_errors_end_the_session() {
        assertThat(error("SERROR", "VERROR", "C57014").endsSession()).isFalse();
        assertThat(error("SFATAL", "VFATAL", "C57P01").endsSession()).isTrue();
        assertThat(error("SPANIK", "VPANIC", "C58030").endsSession()).isTrue();
    }
}
