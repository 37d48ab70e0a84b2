package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/// Digits and words that need no escape anywhere.
///
/// Threading: pure functions.
final class Ascii {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private Ascii() {}

    static void write(String text, ByteBuf out) {
        for (int i = 0; i < text.length(); i++) out.writeByte(text.charAt(i));
    }

    static void number(long value, ByteBuf out) {
        if (value == Long.MIN_VALUE) {
            write("-9223372036854775808", out);
            return;
        }
        long rest = Math.abs(value);
        if (value < 0) out.writeByte('-');
        long power = 1;
        while (power <= rest / 10) power *= 10;
        for (; power > 0; power /= 10) out.writeByte('0' + (int) (rest / power % 10));
    }

    /// So many digits, zeros in front.
    static void digits(int value, int count, ByteBuf out) {
        int power = 1;
        for (int i = 1; i < count; i++) power *= 10;
        for (; power > 0; power /= 10) out.writeByte('0' + value / power % 10);
    }

    static void hex(byte value, ByteBuf out) {
        out.writeByte(HEX[value >> 4 & 15]).writeByte(HEX[value & 15]);
    }
}
