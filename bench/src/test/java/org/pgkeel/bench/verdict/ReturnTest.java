package org.pgkeel.bench.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.verdict.Return.Success;

class ReturnTest {
    private static final long MILLI = 1_000_000;

    @Test
    void a_failover_ends_with_the_first_success_on_the_new_timeline() {
        assertThat(Return.last(List.of(success(0, 1), success(20, 1), success(4_000, 2), success(4_020, 2)))).hasValue(new Return(2, "n2", 20 * MILLI, 4_000 * MILLI));
    }

    @Test
    void a_new_primary_that_stops_again_at_once_has_not_come_back_yet() {
        assertThat(Return.last(List.of(success(0, 1), success(4_000, 2), success(4_500, 2), success(9_000, 2), success(9_020, 2))))
                .hasValue(new Return(2, "n2", 4_500 * MILLI, 9_000 * MILLI));
    }

    @Test
    void a_later_pause_is_none_of_the_failover() {
        assertThat(Return.last(List.of(success(0, 1), success(4_000, 2), success(4_900, 2), success(5_800, 2), success(9_000, 2))))
                .hasValue(new Return(2, "n2", 0, 4_000 * MILLI));
    }

    @Test
    void of_two_failovers_the_last_counts() {
        assertThat(Return.last(List.of(success(0, 1), success(6_000, 2), success(6_100, 2), success(8_000, 3)))).hasValue(new Return(3, "n3", 6_100 * MILLI, 8_000 * MILLI));
    }

    @Test
    void without_a_new_timeline_there_is_no_return() {
        assertThat(Return.last(List.of(success(0, 1), success(4_000, 1)))).isEmpty();
        assertThat(Return.last(List.of())).isEmpty();
    }

    private static Success success(long millis, int timeline) {
        return new Success(millis * MILLI, timeline, "n" + timeline);
    }
}
