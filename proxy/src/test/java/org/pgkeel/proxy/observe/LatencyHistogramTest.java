package org.pgkeel.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    private final long[] bounds = LatencyHistogram.upperBoundsNanos();

    @Test void bounds_double_from_50_us_and_end_at_60_s() {
        assertThat(bounds).isSorted().startsWith(50_000, 100_000, 200_000).endsWith(52_428_800_000L, 60_000_000_000L);
    }

    @Test void each_bound_belongs_to_its_own_bucket_and_the_next_nanosecond_to_the_next() {
        for (int bucket = 0; bucket < bounds.length; bucket++) {
            assertThat(LatencyHistogram.bucketOf(bounds[bucket])).isEqualTo(bucket);
            assertThat(LatencyHistogram.bucketOf(bounds[bucket] + 1)).isEqualTo(bucket + 1);
        }
        assertThat(LatencyHistogram.bucketOf(0)).isZero();
        assertThat(LatencyHistogram.bucketOf(Long.MAX_VALUE)).isEqualTo(bounds.length);
    }

    @Test void buckets_add_up_to_what_was_recorded() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("replay with -Dpgkeel.seed=" + seed);
        var random = new Random(seed);
        var one = new LatencyHistogram();
        var other = new LatencyHistogram();
        long sum = 0;
        int recordings = 10_000;
        for (int i = 0; i < recordings; i++) {
            long nanos = (long) Math.pow(10, random.nextDouble() * 12);
            sum += nanos;
            (random.nextBoolean() ? one : other).record(nanos);
        }
        var both = one.snapshot().plus(other.snapshot());
        assertThat(both.count()).isEqualTo(recordings).isEqualTo(Arrays.stream(both.counts()).sum());
        assertThat(both.sumNanos()).isEqualTo(sum);
    }

    @Test void a_clock_that_went_back_counts_as_no_time() {
        var histogram = new LatencyHistogram();
        histogram.record(-5);
        assertThat(histogram.snapshot().counts()[0]).isEqualTo(1);
        assertThat(histogram.snapshot().sumNanos()).isZero();
    }

    @Test void a_snapshot_does_not_change_any_more() {
        var histogram = new LatencyHistogram();
        var before = histogram.snapshot();
        histogram.record(1);
        before.counts()[0] = 99;
        assertThat(before).isEqualTo(LatencyHistogram.Snapshot.empty());
    }
}
