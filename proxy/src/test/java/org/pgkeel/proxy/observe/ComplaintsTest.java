package org.pgkeel.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ComplaintsTest {
    private static final long START = Long.MAX_VALUE - 5;   // the clock may begin anywhere

    @Test
    void what_goes_on_failing_is_told_at_once_and_then_once_a_minute_with_all_that_failed() {
        var complaints = new Complaints(1);
        assertThat(complaints.of(3, START)).isEqualTo(3);
        for (int i = 1; i < 60; i++) assertThat(complaints.of(2, START + i * 1_000_000_000L)).isZero();
        assertThat(complaints.of(1, START + Complaints.PAUSE_NANOS)).isEqualTo(2 * 59 + 1);
        assertThat(complaints.of(1, START + Complaints.PAUSE_NANOS + 1)).isZero();
    }

    @Test
    void the_first_ones_of_a_minute_are_told_one_by_one() {
        var complaints = new Complaints(3);
        for (int i = 0; i < 3; i++) assertThat(complaints.of(1, START + i)).isEqualTo(1);
        for (int i = 3; i < 100; i++) assertThat(complaints.of(1, START + i)).isZero();
        assertThat(complaints.of(1, START + Complaints.PAUSE_NANOS)).isEqualTo(98);
        assertThat(complaints.of(1, START + Complaints.PAUSE_NANOS + 1)).isEqualTo(1);
    }
}
