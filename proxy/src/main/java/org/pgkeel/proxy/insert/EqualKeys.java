package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.copy.BinaryValue;

/// A hash of a value: whole numbers, UUIDs and texts are understood (texts are equal if their bytes are, blanks at their end aside).
///
/// Threading: immutable.
enum EqualKeys implements KeyCode {
    WHOLE, TEXT, UUID;

    private static final long[] NO_HALVES = {};
    private static final long OF_NULL = 0x5851F42D4C957F2DL;

    /// Null if the type is of another kind.
    static @Nullable EqualKeys of(int type) {
        return switch (type) {
            case BinaryValue.INT2, BinaryValue.INT4, BinaryValue.INT8 -> WHOLE;
            case BinaryValue.TEXT, BinaryValue.VARCHAR, BinaryValue.BPCHAR -> TEXT;
            case BinaryValue.UUID -> UUID;
            default -> null;
        };
    }

    @Override
    public boolean takes(int type) {
        return of(type) == this;
    }

    @Override
    public boolean takesNumerals() {
        return this == WHOLE;
    }

    @Override
    public long ofNull() {
        return OF_NULL;
    }

    @Override
    public long ofText(ByteBuf in, int from, int to, boolean quoted) {
        return switch (this) {
            case TEXT -> text(in, from, to, quoted);
            case UUID -> {
                long[] halves = halves(in, from, to);
                yield halves.length == 0 ? RowKey.UNKNOWN : uuid(halves[0], halves[1]);
            }
            case WHOLE -> mixed(OrdinalKeys.WHOLE.ofText(in, from, to, quoted));
        };
    }

    @Override
    public long ofBinary(ByteBuf in, int from, int to) {
        return switch (this) {
            case TEXT -> text(in, from, to, false);
            case UUID -> to - from == 16 ? uuid(in.getLong(from), in.getLong(from + 8)) : RowKey.UNKNOWN;
            case WHOLE -> mixed(OrdinalKeys.WHOLE.ofBinary(in, from, to));
        };
    }

    /// @return the first eight bytes of a UUID and its last; nothing if it is none
    static long[] halves(ByteBuf in, int from, int to) {
        long high = 0;
        long low = 0;
        int digits = 0;
        for (int at = from; at < to; at++) {
            byte c = in.getByte(at);
            if (c == '-') continue;
            int digit = Character.digit(c, 16);
            if (digit < 0) return NO_HALVES;
            if (digits++ < 16) high = high << 4 | digit;
            else low = low << 4 | digit;
        }
        return digits == 32 ? new long[] {high, low} : NO_HALVES;
    }

    private static long uuid(long high, long low) {
        return mix(mix(high) + low);
    }

    /// A type of a fixed or bounded length cuts blanks off.
    private static long text(ByteBuf in, int from, int to, boolean quoted) {
        int end = to;
        while (end > from && in.getByte(end - 1) == ' ') end--;
        long hash = 1125899906842597L;
        for (int at = from; at < end; at++) {
            byte c = in.getByte(at);
            hash = 31 * hash + c;
            if (quoted && c == '\'') at++;
        }
        return mix(hash);
    }

    private static long mixed(long value) {
        return value == RowKey.UNKNOWN ? RowKey.UNKNOWN : mix(value);
    }

    private static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        mixed ^= mixed >>> 31;
        return mixed == RowKey.UNKNOWN ? 0 : mixed;
    }
}
