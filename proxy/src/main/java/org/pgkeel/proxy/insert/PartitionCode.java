package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// The number of the partition that a value belongs to. A wrong one costs speed and nothing else: it is PostgreSQL that puts rows into partitions.
///
/// Threading: immutable.
sealed interface PartitionCode extends KeyCode {
    /// @param divides what is hashed
    /// @param byRest  partitions by the rest of the division by the greatest modulus
    record Hash(EqualKeys divides, long[] byRest) implements PartitionCode {
        @Override
        public boolean takes(int type) {
            return divides.takes(type);
        }

        @Override
        public boolean takesNumerals() {
            return divides.takesNumerals();
        }

        @Override
        public long ofNull() {
            return of(PartitionHash.ofNull());
        }

        @Override
        public long ofText(ByteBuf in, int from, int to, boolean quoted) {
            return switch (divides) {
                case TEXT -> of(PartitionHash.ofBytes(in, from, to, quoted));
                case WHOLE -> ofWhole(OrdinalKeys.WHOLE.ofText(in, from, to, quoted));
                case UUID -> {
                    long[] halves = EqualKeys.halves(in, from, to);
                    yield halves.length == 0 ? RowKey.UNKNOWN : of(PartitionHash.ofUuid(halves[0], halves[1]));
                }
            };
        }

        @Override
        public long ofBinary(ByteBuf in, int from, int to) {
            return switch (divides) {
                case TEXT -> of(PartitionHash.ofBytes(in, from, to, false));
                case WHOLE -> ofWhole(OrdinalKeys.WHOLE.ofBinary(in, from, to));
                case UUID -> to - from == 16 ? of(PartitionHash.ofUuid(in.getLong(from), in.getLong(from + 8))) : RowKey.UNKNOWN;
            };
        }

        private long ofWhole(long value) {
            return value == RowKey.UNKNOWN ? RowKey.UNKNOWN : of(PartitionHash.ofWhole(value));
        }

        private long of(long hash) {
            return byRest[(int) Long.remainderUnsigned(hash, byRest.length)];
        }
    }

    /// @param order   how values are compared
    /// @param starts  of the ranges, rising
    /// @param ends    of them, not included
    /// @param others  where values without a range go; [RowKey#UNKNOWN] if there is no such partition
    record Range(OrdinalKeys order, long[] starts, long[] ends, long others) implements PartitionCode {
        @Override
        public boolean takes(int type) {
            return order.takes(type);
        }

        @Override
        public boolean takesNumerals() {
            return order.takesNumerals();
        }

        @Override
        public long ofNull() {
            return others;
        }

        @Override
        public long ofText(ByteBuf in, int from, int to, boolean quoted) {
            return of(order.ofText(in, from, to, quoted));
        }

        @Override
        public long ofBinary(ByteBuf in, int from, int to) {
            return of(order.ofBinary(in, from, to));
        }

        private long of(long value) {
            if (value == RowKey.UNKNOWN) return RowKey.UNKNOWN;
            int found = Arrays.binarySearch(starts, value);
            int range = found >= 0 ? found : -found - 2;
            return range >= 0 && value < ends[range] ? range : others;
        }
    }

    /// @param kind       how values are hashed
    /// @param hashes     of the values in the lists, rising
    /// @param partitions that they belong to
    /// @param others     as above
    record Listed(EqualKeys kind, long[] hashes, long[] partitions, long others) implements PartitionCode {
        @Override
        public boolean takes(int type) {
            return kind.takes(type);
        }

        @Override
        public boolean takesNumerals() {
            return kind.takesNumerals();
        }

        @Override
        public long ofNull() {
            return of(kind.ofNull());
        }

        @Override
        public long ofText(ByteBuf in, int from, int to, boolean quoted) {
            return of(kind.ofText(in, from, to, quoted));
        }

        @Override
        public long ofBinary(ByteBuf in, int from, int to) {
            return of(kind.ofBinary(in, from, to));
        }

        private long of(long hash) {
            if (hash == RowKey.UNKNOWN) return RowKey.UNKNOWN;
            int found = Arrays.binarySearch(hashes, hash);
            return found >= 0 ? partitions[found] : others;
        }
    }
}
