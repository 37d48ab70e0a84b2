package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.copy.BinaryValue;

/// Which numbers without quotes a column makes the same of as COPY does of their text.
enum Numerals {
    /// Others: the server would write the number anew, or refuses it.
    NONE,
    /// What an integer column would round, COPY refuses.
    WHOLE,
    EXACT,
    /// The server makes a number of the digits first, and knows no negative zero there.
    FLOAT;

    private static final int DECIMAL_BYTES_MAX = 300;
    /// With more the number could be beyond numeric's range before a column that it fits in rounds it.
    private static final int EXPONENT_DIGITS_MAX = 3;
    /// With an exponent of so many digits not beyond it either.
    private static final int EXPONENT_TEXT_BYTES_MAX = 15_000;
    /// So many cannot be too many.
    private static final int INT8_DIGITS_MAX = 18;

    static Numerals of(int type) {
        return switch (type) {
            case BinaryValue.INT2, BinaryValue.INT4, BinaryValue.INT8 -> WHOLE;
            case BinaryValue.NUMERIC -> EXACT;
            case BinaryValue.FLOAT4, BinaryValue.FLOAT8 -> FLOAT;
            default -> NONE;
        };
    }

    boolean takesDecimals() {
        return this == EXACT || this == FLOAT;
    }

    /// A number of this type is written into the column as it is.
    /// @param type oid of the number's type
    boolean takesRange(int type) {
        return of(type) == WHOLE && (this == WHOLE || this == EXACT);
    }

    /// @param type of whole numbers: it has to be one of them, in plain digits; or `numeric`: it may be anything but a number, or an array of some, with a large exponent
    /// @return whether it surely is that
    static boolean isInRange(int type, ByteBuf in, int from, int to) {
        if (type == BinaryValue.NUMERIC) return hasSmallExponents(in, from, to);
        boolean isNegative = from < to && in.getByte(from) == '-';
        int first = isNegative ? from + 1 : from;
        if (first == to || to - first > INT8_DIGITS_MAX) return false;
        long value = 0;
        for (int at = first; at < to; at++) {
            int digit = in.getByte(at) - '0';
            if (digit < 0 || digit > 9) return false;
            value = value * 10 + digit;
        }
        if (isNegative) value = -value;
        return switch (type) {
            case BinaryValue.INT2 -> value == (short) value;
            case BinaryValue.INT4 -> value == (int) value;
            default -> true;
        };
    }

    private static boolean hasSmallExponents(ByteBuf in, int from, int to) {
        for (int at = from; at < to; at++) {
            if ((in.getByte(at) | 0x20) != 'e') continue;
            int end = at + 1;
            while (end < to && isOfExponent(in.getByte(end))) end++;
            if (end - at - 1 > 1 + EXPONENT_DIGITS_MAX || to - from > EXPONENT_TEXT_BYTES_MAX) return false;
        }
        return true;
    }

    /// With its sign, with what may stand between digits, and with the backslash of an `E''` string.
    private static boolean isOfExponent(byte b) {
        return SqlCursor.isDigit(b) || b == '+' || b == '-' || b == '_' || b == '\\';
    }

    /// @param from of a number as SQL writes it, with a minus or without
    boolean takes(ByteBuf in, int from, int to) {
        if (this == NONE) return false;
        boolean isWhole = true;
        boolean isZero = true;
        int exponentAt = to;
        for (int at = from; at < to; at++) {
            byte b = in.getByte(at);
            if (b >= '0' && b <= '9') isZero &= b == '0' || at > exponentAt;
            else if (at > from || b != '-') isWhole = false;
            if ((b | 0x20) == 'e') exponentAt = at;
        }
        if (this == FLOAT && isZero && in.getByte(from) == '-') return false;
        if (isWhole) return this != FLOAT || to - from <= DECIMAL_BYTES_MAX;
        if (exponentAt + 1 < to && !SqlCursor.isDigit(in.getByte(exponentAt + 1))) exponentAt++;
        return takesDecimals() && to - from <= DECIMAL_BYTES_MAX && to - exponentAt - 1 <= EXPONENT_DIGITS_MAX;
    }
}
