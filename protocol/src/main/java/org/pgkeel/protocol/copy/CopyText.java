package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;

/// Values and rows in COPY's text format: columns with a TAB between them, a line feed behind the last.
/// <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.55.9.2>
///
/// Threading: pure functions.
public final class CopyText {
    private CopyText() {}

    public static void writeNull(ByteBuf out) {
        out.writeByte('\\').writeByte('N');
    }

    /// Writes a value's text so that COPY reads just these bytes.
    public static void write(ByteBuf in, int from, int to, ByteBuf out) {
        int start = from;
        for (int at = from; at < to; at++) {
            byte letter = escapeOf(in.getByte(at));
            if (letter == 0) continue;
            out.writeBytes(in, start, at - start).writeByte('\\').writeByte(letter);
            start = at + 1;
        }
        out.writeBytes(in, start, to - start);
    }

    /// As [#write(ByteBuf, int, int, ByteBuf)].
    public static void write(byte[] value, ByteBuf out) {
        for (byte each : value) write(each, out);
    }

    /// One byte of a value.
    public static void write(byte each, ByteBuf out) {
        byte letter = escapeOf(each);
        if (letter == 0) out.writeByte(each);
        else out.writeByte('\\').writeByte(letter);
    }

    /// Writes the text of an array's element, as it stands between its double quotes.
    static void writeElement(ByteBuf in, int from, int to, ByteBuf out) {
        for (int at = from; at < to; at++) {
            byte each = in.getByte(at);
            if (each == '"' || each == '\\') out.writeByte('\\').writeByte('\\');   // the array's own escape
            write(each, out);
        }
    }

    /// Writes what stands between the quotes of a literal, in which a quote is doubled and a backslash means itself.
    public static void writeQuoted(ByteBuf in, int from, int to, ByteBuf out) {
        int start = from;
        for (int at = from; at < to; at++) {
            byte each = in.getByte(at);
            if (each == '\'') {
                at++;   // the second one is left out
                out.writeBytes(in, start, at - start);
                start = at + 1;
                continue;
            }
            byte letter = escapeOf(each);
            if (letter == 0) continue;
            out.writeBytes(in, start, at - start).writeByte('\\').writeByte(letter);
            start = at + 1;
        }
        if (start < to) out.writeBytes(in, start, to - start);
    }

    /// @return what follows the backslash, 0 if the byte stands for itself
    private static byte escapeOf(byte value) {
        return switch (value) {
            case '\\' -> '\\';
            case '\t' -> 't';
            case '\n' -> 'n';
            case '\r' -> 'r';
            default -> 0;
        };
    }
}
