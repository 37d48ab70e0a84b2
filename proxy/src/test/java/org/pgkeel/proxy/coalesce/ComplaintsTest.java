package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ComplaintsTest {
    @Test
    void what_goes_on_failing_is_told_at_once_and_then_once_a_minute_with_all_that_failed() {
        var complaints = new Complaints();
        long start = Long.MAX_VALUE - 5;   // the clock may begin anywhere
        assertThat(complaints.of(3, start)).isEqualTo(3);
        for (int i = 1; i < 60; i++) assertThat(complaints.of(2, start + i * 1_000_000_000L)).isZero();
        assertThat(complaints.of(1, start + Complaints.PAUSE_NANOS)).isEqualTo(2 * 59 + 1);
        assertThat(complaints.of(1, start + Complaints.PAUSE_NANOS + 1)).isZero();
    }
}
