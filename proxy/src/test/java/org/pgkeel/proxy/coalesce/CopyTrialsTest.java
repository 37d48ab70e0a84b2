package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.coalesce.CopyTrials.PAUSE_NANOS;
import static org.pgkeel.proxy.coalesce.CopyTrials.UNSAYABLE_MAX;

import org.junit.jupiter.api.Test;

class CopyTrialsTest {
    private final CopyTrials trials = new CopyTrials();

    private void unsaid(int rows, long nowNanos) {
        for (int i = 0; i < rows; i++) trials.unsaid(nowNanos);
    }

    @Test
    void many_rows_one_behind_the_other_that_cannot_be_said_end_the_trials() {
        unsaid(UNSAYABLE_MAX - 1, 0);
        assertThat(trials.isDue(0)).isTrue();
        trials.said();
        unsaid(UNSAYABLE_MAX - 1, 0);
        assertThat(trials.isDue(0)).isTrue();
        unsaid(1, 0);
        assertThat(trials.isDue(0)).isFalse();
    }

    @Test
    void they_begin_again_after_a_while_and_end_with_the_first_that_cannot_be_said() {
        unsaid(UNSAYABLE_MAX, 5);
        assertThat(trials.isDue(4 + PAUSE_NANOS)).isFalse();
        assertThat(trials.isDue(5 + PAUSE_NANOS)).isTrue();
        unsaid(1, 5 + PAUSE_NANOS);
        assertThat(trials.isDue(5 + PAUSE_NANOS)).isFalse();
        assertThat(trials.isDue(5 + 2 * PAUSE_NANOS)).isTrue();
        trials.said();
        assertThat(trials.isDue(0)).isTrue();
    }
}
