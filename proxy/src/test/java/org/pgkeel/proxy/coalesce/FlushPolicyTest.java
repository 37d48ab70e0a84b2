package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// When the rows that have gathered leave.
class FlushPolicyTest {
    private static final long MILLI = 1_000_000;
    private static final FlushPolicy POLICY = new FlushPolicy(1000, 1 << 20, Duration.ofMillis(5), 20, 2);

    private static FlushPolicy.Situation rows(int rows, int underWay, long waitedNanos, double crowd) {
        return new FlushPolicy.Situation(rows, rows * 100L, underWay, waitedNanos, crowd, Double.POSITIVE_INFINITY, MILLI);
    }

    @Test
    void a_full_batch_leaves() {
        assertThat(POLICY.waitNanos(rows(1000, 1, 0, 500))).isZero();
        assertThat(POLICY.waitNanos(new FlushPolicy.Situation(3, 1 << 20, 1, 0, 500, 500, MILLI))).isZero();
    }

    @Test
    void a_row_that_has_waited_for_the_longest_delay_leaves() {
        assertThat(POLICY.waitNanos(rows(1, 1, 5 * MILLI, 500))).isZero();
    }

    @Test
    void rows_gather_while_the_batch_before_is_committed_unless_they_are_many_already() {
        assertThat(POLICY.waitNanos(rows(19, 1, 0, 1))).isEqualTo(5 * MILLI);
        assertThat(POLICY.waitNanos(rows(20, 1, 0, 1))).isZero();
        assertThat(POLICY.waitNanos(rows(60, 1, 0, 200))).isEqualTo(5 * MILLI);
        assertThat(POLICY.waitNanos(rows(100, 1, 0, 200))).as("a lane's share").isZero();
    }

    @Test
    void rows_leave_when_most_of_those_are_there_that_no_other_lane_holds_back() {
        assertThat(POLICY.waitNanos(new FlushPolicy.Situation(8, 800, 1, 0, 200, 12, MILLI))).isEqualTo(5 * MILLI);
        assertThat(POLICY.waitNanos(new FlushPolicy.Situation(9, 900, 1, 0, 200, 12, MILLI))).isZero();
        assertThat(POLICY.waitNanos(new FlushPolicy.Situation(1, 100, 1, 0, 200, -3, MILLI))).isZero();
    }

    @Test
    void behind_a_commit_stragglers_are_waited_for_no_longer_than_pays() {
        assertThat(POLICY.waitNanos(rows(20, 0, 0, 200))).as("enough for a COPY").isZero();
        assertThat(POLICY.waitNanos(rows(19, 0, 0, 200))).isEqualTo(MILLI / 2);
        assertThat(POLICY.waitNanos(rows(19, 0, MILLI / 2, 200))).isZero();
        assertThat(POLICY.waitNanos(rows(9, 0, 0, 12))).as("all that there are").isZero();
    }

    @Test
    void nothing_leaves_where_nothing_waits_and_nothing_waits_longer_than_allowed() {
        assertThat(POLICY.waitNanos(rows(0, 0, 0, 1))).isEqualTo(Long.MAX_VALUE);
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 100_000; i++) {
            long waited = random.nextLong(10 * MILLI);
            var at = new FlushPolicy.Situation(1 + random.nextInt(2000), random.nextLong(2 << 20), random.nextInt(3), waited, random.nextDouble(2000), random.nextDouble(-100, 2000), random.nextLong(1000 * MILLI));
            assertThat(POLICY.waitNanos(at)).as("seed %d: %s", seed, at).isBetween(0L, Math.max(0, 5 * MILLI - waited));
        }
    }
}
