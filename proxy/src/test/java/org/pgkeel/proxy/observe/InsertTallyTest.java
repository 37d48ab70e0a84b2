package org.pgkeel.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InsertTallyTest {
    private static InsertTally tally(Map<InsertHabit, Long> rows) {
        return new InsertTally("app", "alice", "\"events\"", rows, 60);
    }

    @ParameterizedTest
    @CsvSource({
        "60000, 0,      0,     0,     copy",
        "60000, 59000,  0,     0,     copy",
        "6000,  60000,  0,     0,     shared-commit",
        "5999,  0,      0,     0,     rate-low",
        "0,     0,      60000, 0,     no",
        "600,   0,      60000, 0,     no",
        "6000,  0,      60000, 0,     copy",
        "600,   0,      0,     60000, coalesced",
        "60000, 0,      0,     600,   copy",
        "0,     0,      0,     0,     rate-low"})
    void the_verdict_says_what_a_rule_would_give(long plain, long returning, long inTransaction, long coalesced, String verdict) {
        var rows = Map.of(InsertHabit.PLAIN, plain, InsertHabit.RETURNING, returning, InsertHabit.IN_TRANSACTION, inTransaction, InsertHabit.COALESCED, coalesced);

        assertThat(tally(rows).verdict().word()).isEqualTo(verdict);
    }

    @Test
    void reasons_are_told_with_their_rates_the_most_frequent_first() {
        assertThat(tally(Map.of(InsertHabit.PLAIN, 90L, InsertHabit.ON_CONFLICT, 6000L)).why()).isEqualTo("on-conflict 100.0, plain 1.5");
    }

    @Test
    void event_loops_are_added_up() {
        var one = tally(Map.of(InsertHabit.PLAIN, 60L));
        var other = new InsertTally("app", "bob", "\"events\"", Map.of(InsertHabit.PLAIN, 600L), 60);

        assertThat(InsertTally.merge(List.of(one, other, one)))
                .containsExactly(other, tally(Map.of(InsertHabit.PLAIN, 120L)));
    }
}
