package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;

/// The server's own ranges, of values whose texts need no quotes in a range.
/// <https://www.postgresql.org/docs/current/rangetypes.html#RANGETYPES-IO>
///
/// Threading: pure functions.
final class BinaryRange {
    static final int INT4RANGE = 3904;
    static final int NUMRANGE = 3906;
    static final int TSRANGE = 3908;
    static final int TSTZRANGE = 3910;
    static final int DATERANGE = 3912;
    static final int INT8RANGE = 3926;

    private static final int EMPTY = 0x01;
    private static final int LOWER_INCLUSIVE = 0x02;
    private static final int UPPER_INCLUSIVE = 0x04;
    private static final int LOWER_INFINITE = 0x08;
    private static final int UPPER_INFINITE = 0x10;

    private BinaryRange() {}

    private static int boundOf(int type) {
        return switch (type) {
            case INT4RANGE -> BinaryValue.INT4;
            case NUMRANGE -> BinaryValue.NUMERIC;
            case TSRANGE -> BinaryValue.TIMESTAMP;
            case TSTZRANGE -> BinaryValue.TIMESTAMPTZ;
            case DATERANGE -> BinaryValue.DATE;
            case INT8RANGE -> BinaryValue.INT8;
            default -> 0;
        };
    }

    static boolean write(int type, ByteBuf in, int from, int to, ByteBuf out) {
        int bound = boundOf(type);
        if (bound == 0 || from == to) return false;
        int flags = in.getByte(from);
        int at = from + 1;
        if ((flags & ~(EMPTY | LOWER_INCLUSIVE | UPPER_INCLUSIVE | LOWER_INFINITE | UPPER_INFINITE)) != 0) return false;
        if ((flags & EMPTY) != 0) {
            Ascii.write("empty", out);
            return at == to;
        }
        out.writeByte((flags & LOWER_INCLUSIVE) != 0 ? '[' : '(');
        if ((flags & LOWER_INFINITE) == 0) at = bound(bound, in, at, to, out);
        out.writeByte(',');
        if (at >= 0 && (flags & UPPER_INFINITE) == 0) at = bound(bound, in, at, to, out);
        out.writeByte((flags & UPPER_INCLUSIVE) != 0 ? ']' : ')');
        return at == to;
    }

    /// @return behind it; -1 if it cannot be said
    private static int bound(int type, ByteBuf in, int from, int to, ByteBuf out) {
        if (to - from < 4) return -1;
        int length = in.getInt(from);
        int first = from + 4;
        return length >= 0 && length <= to - first && BinaryValue.write(type, in, first, first + length, BinaryValue.In.ELEMENT, out) ? first + length : -1;
    }
}
