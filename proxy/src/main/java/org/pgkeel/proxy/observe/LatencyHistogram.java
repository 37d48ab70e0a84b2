package org.pgkeel.proxy.observe;

import java.util.Arrays;

/// Durations in fixed buckets that double from 50 us to 52 s, then up to 60 s, then longer. Recording is a division by a
/// constant and two additions; it allocates nothing.
///
/// Threading: one writer, confined to its event loop; [#snapshot()] is called there.
public final class LatencyHistogram {
    private static final long FIRST_BOUND_NANOS = 50_000;
    private static final int DOUBLING_BUCKETS = 21;
    private static final long LAST_BOUND_NANOS = 60_000_000_000L;
    /// All buckets, the one without an upper bound included.
    static final int BUCKETS = DOUBLING_BUCKETS + 2;

    private final long[] counts = new long[BUCKETS];
    private long sumNanos;

    /// The inclusive upper bounds in nanoseconds, of all buckets but the last, which has none.
    public static long[] upperBoundsNanos() {
        long[] bounds = new long[BUCKETS - 1];
        for (int bucket = 0; bucket < DOUBLING_BUCKETS; bucket++) bounds[bucket] = FIRST_BOUND_NANOS << bucket;
        bounds[DOUBLING_BUCKETS] = LAST_BOUND_NANOS;
        return bounds;
    }

    /// @param nanos a duration; below zero (a clock that was not monotonic) counts as zero
    public void record(long nanos) {
        long duration = Math.max(nanos, 0);
        counts[bucketOf(duration)]++;
        sumNanos += duration;
    }

    public Snapshot snapshot() {
        return new Snapshot(counts.clone(), sumNanos);
    }

    static int bucketOf(long nanos) {
        int doubling = Long.SIZE - Long.numberOfLeadingZeros(Math.max(nanos - 1, 0) / FIRST_BOUND_NANOS);
        if (doubling < DOUBLING_BUCKETS) return doubling;
        return nanos <= LAST_BOUND_NANOS ? DOUBLING_BUCKETS : DOUBLING_BUCKETS + 1;
    }

    /// The histogram at one moment. The number of recordings is by construction the sum of the buckets.
    ///
    /// @param counts   recordings per bucket, not cumulative; the last bucket has no upper bound
    /// @param sumNanos all durations added up
    public record Snapshot(long[] counts, long sumNanos) {
        private static final Snapshot EMPTY = new Snapshot(new long[BUCKETS], 0);

        public Snapshot {
            if (counts.length != BUCKETS) throw new IllegalArgumentException(counts.length + " buckets, not " + BUCKETS);
            counts = counts.clone();
        }

        public static Snapshot empty() {
            return EMPTY;
        }

        @Override
        public long[] counts() {
            return counts.clone();
        }

        /// How many durations were recorded.
        public long count() {
            return Arrays.stream(counts).sum();
        }

        public long sumMicros() {
            return sumNanos / 1_000;
        }

        public Snapshot plus(Snapshot other) {
            long[] sum = counts.clone();
            for (int bucket = 0; bucket < BUCKETS; bucket++) sum[bucket] += other.counts[bucket];
            return new Snapshot(sum, sumNanos + other.sumNanos);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Snapshot(long[] otherCounts, long otherSum)
                    && sumNanos == otherSum && Arrays.equals(counts, otherCounts);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(counts) + Long.hashCode(sumNanos);
        }
    }
}
