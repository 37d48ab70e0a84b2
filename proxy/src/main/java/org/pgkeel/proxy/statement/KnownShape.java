package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// A [TextShape] that a text was found to have, with the places of its literals: tells in one pass over another text, and without a copy of it, that it has
/// the same. So hot texts are known again.
///
/// Law: what fits has this shape, in the dialect that the shape was made in. What does not fit may have it all the same: one with an odd string.
///
/// That is so because what a byte is to [TextShape] hangs on the bytes in front of it and right behind it. They are the same between the literals; and
/// what stands next to a literal can be no part of it, since it was none in the text that the shape was made of.
///
/// Threading: immutable.
final class KnownShape {
    static final byte NUMBER = '0';
    private static final int STRING_BYTES = 2;
    private static final int NONE = -1;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final int[] literals;

    /// @param bytes    of the shape
    /// @param literals where in them the literals stand that were taken out: `0` for a number, `''` for a string; none of a text that is its own shape
    KnownShape(byte[] bytes, int[] literals) {
        this.bytes = bytes;
        this.literals = literals;
    }

    byte[] bytes() {
        return bytes;
    }

    /// What it takes.
    int size() {
        return bytes.length + Integer.BYTES * literals.length;
    }

    boolean isMadeOf(byte[] shape, int length) {
        return Arrays.equals(bytes, 0, bytes.length, shape, 0, length);
    }

    /// @param to the text's end
    boolean fits(ByteBuf text, int from, int to) {
        int at = from;
        int compared = 0;
        for (int literal : literals) {
            int begin = at + literal - compared;
            if (begin >= to || !isSame(text, at, compared, literal)) return false;
            boolean isNumber = bytes[literal] == NUMBER;
            at = isNumber ? numberEnd(text, begin, to) : stringEnd(text, begin, to);
            if (at == NONE) return false;
            compared = literal + (isNumber ? 1 : STRING_BYTES);
        }
        return to - at == bytes.length - compared && isSame(text, at, compared, bytes.length);
    }

    /// Whether the text has at `at` what the shape has between two literals.
    private boolean isSame(ByteBuf text, int at, int from, int to) {
        int shift = at - from;
        int last = to - Long.BYTES;
        if (last < from) {
            for (int i = from; i < to; i++) {
                if (text.getByte(i + shift) != bytes[i]) return false;
            }
            return true;
        }
        for (int i = from; i < last; i += Long.BYTES) {
            if (text.getLongLE(i + shift) != (long) LONGS.get(bytes, i)) return false;
        }
        return text.getLongLE(last + shift) == (long) LONGS.get(bytes, last);
    }

    /// Digits, with a fraction or without.
    private static int numberEnd(ByteBuf text, int from, int to) {
        int at = digitsEnd(text, from, to);
        if (at == from) return NONE;
        return at + 1 < to && text.getByte(at) == '.' && isDigit(text.getByte(at + 1)) ? digitsEnd(text, at + 1, to) : at;
    }

    private static int digitsEnd(ByteBuf text, int from, int to) {
        int at = from;
        while (at < to && isDigit(text.getByte(at))) at++;
        return at;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    /// A string in which every byte means itself. Behind one with a quote in it stands a quote, which stands behind none in a shape.
    private static int stringEnd(ByteBuf text, int from, int to) {
        if (text.getByte(from) != '\'') return NONE;
        for (int at = from + 1; at < to; at++) {
            byte b = text.getByte(at);
            if (b == '\'') return at + 1;
            if (b == '\\' || b == '_' || b < 0) return NONE;
        }
        return NONE;
    }
}
