package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DedupVerdictTest {
    @ParameterizedTest
    @CsvSource({
            "42P10, 0, false, UNCHANGED", "42501, 2, false, UNCHANGED", "0A000, 0, false, UNCHANGED", "55000, 0, false, UNCHANGED",
            "55P03, 0, false, AGAIN", "55P03, 1000, false, AGAIN", "55P03, 1, true, CANCELLED",
            "23505, 0, false, AGAIN", "23505, 2, true, AGAIN", "23505, 3, false, TOLD", "40P01, 1, false, AGAIN", "40P01, 3, false, TOLD", "23P01, 0, false, AGAIN",
            "23514, 0, false, TOLD", "23503, 0, false, TOLD", "22P02, 0, false, TOLD", "57014, 0, false, TOLD", "53100, 0, false, TOLD"})
    void what_fails_by_itself_is_told_unless_it_may_succeed(String sqlState, int attempts, boolean cancelled, DedupRun.Verdict verdict) {
        assertThat(DedupRun.Verdict.of(sqlState, attempts, cancelled)).isEqualTo(verdict);
    }
}
