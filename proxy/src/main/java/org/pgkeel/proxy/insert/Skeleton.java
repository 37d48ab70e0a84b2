package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;

/// A text without what differs from one row to the next: its bytes with one mark for each literal, and with one blank for blanks and comments. Texts of
/// one skeleton are read alike, whatever their literals say. Where the literals stand is known of the text that was read last.
///
/// Threading: confined to an event loop.
final class Skeleton {
    /// What a literal is; its mark is the ordinal and one.
    enum Kind {
        QUOTED,
        /// `E''`
        ESCAPED,
        WHOLE,
        DECIMAL,
        BOOL,
        /// Shares the mark of [#QUOTED].
        NULL
    }

    private static final int BYTES_MAX = 2048;
    private static final Kind[] KINDS = Kind.values();

    private final byte[] bytes = new byte[BYTES_MAX];
    private final ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
    private final int[] starts = new int[BYTES_MAX];
    private final int[] ends = new int[BYTES_MAX];
    private final byte[] kinds = new byte[BYTES_MAX];
    private int length;
    private int literals;
    /// The last byte but for blanks.
    private byte before;

    /// @return false if there is something in the text, outside of its literals, that no INSERT has that is understood here
    boolean read(ByteBuf in, int from, int to) {
        length = 0;
        literals = 0;
        before = 0;
        int at = from;
        while (at < to) {
            if (length > BYTES_MAX - 2) return false;
            byte b = in.getByte(at);
            if (SqlCursor.isSpace(b)) {
                at++;
                blank();
            } else if (b == '-' && at + 1 < to && in.getByte(at + 1) == '-') {
                at = lineEnd(in, at, to);
                blank();
            } else if (b == '/' && at + 1 < to && in.getByte(at + 1) == '*') {
                at = commentEnd(in, at, to);
                blank();
            } else if (b == '\'') {
                at = literal(Kind.QUOTED, at, quotedEnd(in, at, to, false));
            } else if (b == '"') {
                at = name(in, at, to);
            } else if (SqlCursor.isLetter(b) || b < 0) {
                at = word(in, at, to);
            } else if (isNumber(in, at, to)) {
                at = number(in, at, to);
            } else if (b > ' ' && b < 127 && b != '$' && b != '\\') {
                add(b);
                at++;
            } else {
                return false;
            }
            if (at < 0) return false;
        }
        return length > 0;
    }

    /// It, from 0 to [#length].
    ByteBuf bytes() {
        return buffer;
    }

    int length() {
        return length;
    }

    /// @param at in the text
    /// @return the number of the literal that begins there; -1 if none does
    int literalAt(int at) {
        return Math.max(-1, Arrays.binarySearch(starts, 0, literals, at));
    }

    Kind kind(int literal) {
        return KINDS[kinds[literal]];
    }

    int start(int literal) {
        return starts[literal];
    }

    int end(int literal) {
        return ends[literal];
    }

    private void add(byte b) {
        bytes[length++] = b;
        before = b;
    }

    private void blank() {
        if (length > 0 && bytes[length - 1] != ' ') bytes[length++] = ' ';
    }

    private int literal(Kind kind, int from, int to) {
        starts[literals] = from;
        ends[literals] = to;
        kinds[literals++] = (byte) kind.ordinal();
        add((byte) (1 + (kind == Kind.NULL ? Kind.QUOTED : kind).ordinal()));
        return to;
    }

    private static int lineEnd(ByteBuf in, int from, int to) {
        for (int at = from; at < to; at++) {
            byte b = in.getByte(at);
            if (b == 0) return -1;
            if (b == '\n' || b == '\r') return at;
        }
        return to;
    }

    private static int commentEnd(ByteBuf in, int from, int to) {
        int depth = 0;
        for (int at = from; at + 1 < to; at++) {
            byte b = in.getByte(at);
            byte next = in.getByte(at + 1);
            if (b == 0) return -1;
            if (b == '/' && next == '*') {
                depth++;
                at++;
            } else if (b == '*' && next == '/') {
                at++;
                if (--depth == 0) return at + 1;
            }
        }
        return -1;
    }

    /// @param from at the first quote
    private static int quotedEnd(ByteBuf in, int from, int to, boolean escapes) {
        for (int at = from + 1; at < to; at++) {
            byte b = in.getByte(at);
            if (b == 0) return -1;
            if (b == '\\' && escapes && (++at >= to || in.getByte(at) == 0)) return -1;
            if (b != '\'') continue;
            if (at + 1 < to && in.getByte(at + 1) == '\'') at++;
            else return at + 1;
        }
        return -1;
    }

    private int name(ByteBuf in, int from, int to) {
        add((byte) '"');
        for (int at = from + 1; at < to && length < BYTES_MAX - 1; at++) {
            byte b = in.getByte(at);
            if (b == 0) return -1;
            add(b);
            if (b == '"') return at + 1;   // a doubled one begins a name again
        }
        return -1;
    }

    private int word(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && (SqlCursor.isLetter(in.getByte(at)) || SqlCursor.isDigit(in.getByte(at)) || in.getByte(at) < 0)) at++;
        int end = at;
        byte next = at < to ? in.getByte(at) : 0;
        if (next == '$') return -1;
        if (next == '\'') return end - from == 1 && (in.getByte(from) | 0x20) == 'e' ? literal(Kind.ESCAPED, from, quotedEnd(in, end, to, true)) : -1;
        if ((before == '(' || before == ',') && end - from <= 5) {
            while (at < to && SqlCursor.isSpace(in.getByte(at))) at++;
            byte behind = at < to ? in.getByte(at) : 0;
            if (behind == ',' || behind == ')' || behind == ':') {
                if (isWord(in, from, end, "null")) return literal(Kind.NULL, from, end);
                if (isWord(in, from, end, "true") || isWord(in, from, end, "false")) return literal(Kind.BOOL, from, end);
            }
        }
        if (end - from > BYTES_MAX - 1 - length) return -1;
        for (at = from; at < end; at++) add(in.getByte(at));
        return end;
    }

    private static boolean isWord(ByteBuf in, int from, int to, String word) {
        if (to - from != word.length()) return false;
        for (int i = 0; i < word.length(); i++) if ((in.getByte(from + i) | 0x20) != word.charAt(i)) return false;
        return true;
    }

    /// A minus belongs to a number that is the whole value.
    private boolean isNumber(ByteBuf in, int from, int to) {
        int at = in.getByte(from) == '-' && (before == '(' || before == ',') ? from + 1 : from;
        if (at < to && in.getByte(at) == '.') at++;
        return at < to && SqlCursor.isDigit(in.getByte(at));
    }

    private int number(ByteBuf in, int from, int to) {
        var kind = Kind.WHOLE;
        int at = digitsEnd(in, in.getByte(from) == '-' ? from + 1 : from, to);
        if (at < to && in.getByte(at) == '.') {
            kind = Kind.DECIMAL;
            at = digitsEnd(in, at + 1, to);
        }
        if (at < to && (in.getByte(at) | 0x20) == 'e') {
            kind = Kind.DECIMAL;
            at++;
            if (at < to && (in.getByte(at) == '+' || in.getByte(at) == '-')) at++;
            int digits = at;
            at = digitsEnd(in, at, to);
            if (at == digits) return -1;
        }
        byte behind = at < to ? in.getByte(at) : 0;
        if (behind < 0 || behind == '.' || behind == '$' || SqlCursor.isLetter(behind)) return -1;
        if (in.getByte(from) != '-' || endsValue(in, at, to)) return literal(kind, from, at);
        // The minus is an operator that comes last: -5::int2 is -(5::int2).
        add((byte) '-');
        return literal(kind, from + 1, at);
    }

    private static boolean endsValue(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && SqlCursor.isSpace(in.getByte(at))) at++;
        return at < to && (in.getByte(at) == ',' || in.getByte(at) == ')');
    }

    private static int digitsEnd(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && SqlCursor.isDigit(in.getByte(at))) at++;
        return at;
    }
}
