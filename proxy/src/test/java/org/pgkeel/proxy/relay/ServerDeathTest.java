package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerDeathTest {
    private static byte[] words(String severity, String sqlState) {
        return ("S" + severity + "\0V" + severity + "\0C" + sqlState + "\0Msaid\0\0").getBytes(StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @CsvSource({
        "END_OF_FILE, SILENT", "BROKEN, SILENT",
        "SHUT_DOWN, NONE", "TOLD, NONE", "FENCED, NONE"})
    void a_server_that_ends_without_a_word_may_have_died_of_what_it_was_asked(Loss.Ending ending, ServerDeath death) {
        assertThat(ServerDeath.of(ending, null)).isEqualTo(death);
    }

    @ParameterizedTest
    @CsvSource({
        "END_OF_FILE, WARNING, 57P02, ANNOUNCED", "BROKEN, WARNING, 57P02, ANNOUNCED",
        "END_OF_FILE, WARNING, 57P01, NONE", "BROKEN, WARNING, 57P01, NONE",
        "SHUT_DOWN, FATAL, 57P01, NONE", "END_OF_FILE, FATAL, 57P01, NONE",
        "SHUT_DOWN, PANIC, XX000, SILENT", "END_OF_FILE, PANIC, XX000, SILENT",
        "TOLD, WARNING, 57P02, NONE", "FENCED, WARNING, 57P02, NONE"})
    void its_last_words_tell_what_it_died_of(Loss.Ending ending, String severity, String sqlState, ServerDeath death) {
        assertThat(ServerDeath.of(ending, words(severity, sqlState))).isEqualTo(death);
    }

    @Test
    void one_more_silent_death_of_a_suspect_is_too_much() {
        for (int weight = 0; weight < 12; weight++) {
            assertThat(ServerDeath.isSuspect(weight)).isEqualTo(weight >= 6 && weight < 9);
            assertThat(ServerDeath.isGivenUp(weight)).isEqualTo(weight >= 9);
        }
    }
}
