package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;

/// `numeric`: groups of four decimal digits, the weight of the first, a sign, and how many digits behind the point count.
///
/// Threading: pure functions.
final class BinaryNumeric {
    private static final int HEADER_BYTES = 8;
    private static final int GROUP_DIGITS = 4;
    private static final int GROUP_MAX = 9999;
    /// A few bytes can say more digits than are worth a place in a batch.
    private static final int DIGITS_MAX = 2_000;

    private static final int POSITIVE = 0x0000;
    private static final int NEGATIVE = 0x4000;
    private static final int NAN = 0xC000;
    private static final int INFINITY = 0xD000;
    private static final int MINUS_INFINITY = 0xF000;

    private BinaryNumeric() {}

    static boolean write(ByteBuf in, int from, int to, ByteBuf out) {
        if (to - from < HEADER_BYTES) return false;
        int groups = in.getUnsignedShort(from);
        int scale = in.getUnsignedShort(from + 6);
        if (to - from != HEADER_BYTES + 2 * groups || scale > DIGITS_MAX) return false;
        for (int i = 0; i < groups; i++) if (in.getUnsignedShort(from + HEADER_BYTES + 2 * i) > GROUP_MAX) return false;
        switch (in.getUnsignedShort(from + 4)) {
            case POSITIVE -> { }
            case NEGATIVE -> out.writeByte('-');
            case NAN -> {
                return word("NaN", out);
            }
            case INFINITY -> {
                return word("Infinity", out);
            }
            case MINUS_INFINITY -> {
                return word("-Infinity", out);
            }
            default -> {
                return false;
            }
        }
        int weight = in.getShort(from + 2);
        return Math.max(0, weight) * GROUP_DIGITS + scale <= DIGITS_MAX && digits(in, from + HEADER_BYTES, groups, weight, scale, out);
    }

    private static boolean word(String word, ByteBuf out) {
        Ascii.write(word, out);
        return true;
    }

    private static boolean digits(ByteBuf in, int from, int groups, int weight, int scale, ByteBuf out) {
        Ascii.number(group(in, from, groups, weight < 0 ? -1 : 0), out);
        for (int i = 1; i <= weight; i++) Ascii.digits(group(in, from, groups, i), GROUP_DIGITS, out);
        if (scale > 0) out.writeByte('.');
        for (int left = scale, i = weight + 1; left > 0; i++) {
            int group = group(in, from, groups, i);
            int count = Math.min(left, GROUP_DIGITS);
            for (int cut = count; cut < GROUP_DIGITS; cut++) group /= 10;   // what is behind the scale does not count
            Ascii.digits(group, count, out);
            left -= count;
        }
        return true;
    }

    /// Zero where none is sent.
    private static int group(ByteBuf in, int from, int groups, int i) {
        return i < 0 || i >= groups ? 0 : in.getUnsignedShort(from + 2 * i);
    }
}
