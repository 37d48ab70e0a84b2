package org.pgkeel.proxy.observe;

import java.util.Arrays;

/// Sizes, as of batches, in fixed buckets that double from a first bound. Recording is a shift and two additions; it allocates nothing.
///
/// Threading: one writer, confined to its event loop; [#snapshot()] is called there.
public final class SizeHistogram {
    /// What is measured, and so where the buckets are.
    public enum Unit {
        /// From 1 to 131,072.
        ROWS(0, 18),
        /// From 256 bytes to 256 MiB.
        BYTES(8, 21);

        private final int firstBoundLog2;
        private final int bounds;

        Unit(int firstBoundLog2, int bounds) {
            this.firstBoundLog2 = firstBoundLog2;
            this.bounds = bounds;
        }

        /// The inclusive upper bounds of all buckets but the last, which has none.
        public long[] upperBounds() {
            long[] all = new long[bounds];
            for (int bucket = 0; bucket < bounds; bucket++) all[bucket] = 1L << firstBoundLog2 + bucket;
            return all;
        }

        int bucketOf(long size) {
            return Math.min(bounds, Long.SIZE - Long.numberOfLeadingZeros(Math.max(size - 1, 0) >> firstBoundLog2));
        }
    }

    private final Unit unit;
    private final long[] counts;
    private long sum;

    public SizeHistogram(Unit unit) {
        this.unit = unit;
        this.counts = new long[unit.bounds + 1];
    }

    /// @param size zero or more
    public void record(long size) {
        counts[unit.bucketOf(size)]++;
        sum += size;
    }

    public Snapshot snapshot() {
        return new Snapshot(unit, counts, sum);
    }

    /// The histogram at one moment.
    ///
    /// @param counts recordings per bucket, not cumulative; the last bucket has no upper bound
    /// @param sum    of all sizes
    public record Snapshot(Unit unit, long[] counts, long sum) {
        public Snapshot {
            if (counts.length != unit.bounds + 1) throw new IllegalArgumentException(counts.length + " buckets of " + unit);
            counts = counts.clone();
        }

        public static Snapshot empty(Unit unit) {
            return new Snapshot(unit, new long[unit.bounds + 1], 0);
        }

        @Override
        public long[] counts() {
            return counts.clone();
        }

        /// How many sizes were recorded.
        public long count() {
            return Arrays.stream(counts).sum();
        }

        public Snapshot plus(Snapshot other) {
            if (unit != other.unit) throw new IllegalArgumentException(unit + " and " + other.unit);
            long[] both = counts.clone();
            for (int bucket = 0; bucket < both.length; bucket++) both[bucket] += other.counts[bucket];
            return new Snapshot(unit, both, sum + other.sum);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Snapshot that && unit == that.unit && sum == that.sum && Arrays.equals(counts, that.counts);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(counts) + Long.hashCode(sum);
        }
    }
}
