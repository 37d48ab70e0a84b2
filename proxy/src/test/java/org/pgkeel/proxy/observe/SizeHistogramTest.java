package org.pgkeel.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.proxy.observe.SizeHistogram.Unit;

class SizeHistogramTest {
    @ParameterizedTest
    @EnumSource
    void every_size_is_in_the_first_bucket_whose_bound_it_does_not_exceed(Unit unit) {
        long[] bounds = unit.upperBounds();
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            long size = i < 5_000 ? i : random.nextLong() >>> 1 + random.nextInt(62);
            int bucket = unit.bucketOf(size);
            if (bucket < bounds.length) assertThat(size).isLessThanOrEqualTo(bounds[bucket]);
            if (bucket > 0) assertThat(size).isGreaterThan(bounds[bucket - 1]);
        }
        for (int bucket = 0; bucket < bounds.length; bucket++) {
            assertThat(unit.bucketOf(bounds[bucket])).isEqualTo(bucket);
            assertThat(unit.bucketOf(bounds[bucket] + 1)).isEqualTo(bucket + 1);
        }
        assertThat(unit.bucketOf(Long.MAX_VALUE)).isEqualTo(bounds.length);
    }

    @ParameterizedTest
    @EnumSource
    void two_add_up(Unit unit) {
        var one = new SizeHistogram(unit);
        var other = new SizeHistogram(unit);
        one.record(3);
        other.record(3);
        other.record(70_000);
        var both = one.snapshot().plus(other.snapshot());
        assertThat(both.count()).isEqualTo(3);
        assertThat(both.sum()).isEqualTo(70_006);
        assertThat(both.counts()[unit.bucketOf(3)]).isEqualTo(2);
        assertThat(both).isEqualTo(other.snapshot().plus(one.snapshot())).isNotEqualTo(one.snapshot());
    }
}
