package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// A text with its literals taken out: `0` for a number, `''` for a string. A [Classifier] finds the same in both, so texts that
/// differ in literals alone are classified once; their key is the shape itself, byte for byte.
///
/// A text is its own shape where a literal could matter or its end is not plain to see: where it does not begin with one of
/// [#FIRST_WORDS], has a comment, a dollar quote, a parameter with a word right behind it, a string with a prefix or one that goes on in the next line, a second statement, or
/// something like the name of a setting that the classifier looks for in strings. What is no literal stays as it is, spaces too, so that both have the
/// same tokens in the same neighbourhood.
///
/// Threading: confined to its owner; one text at a time.
final class TextShape {
    private static final byte OTHER = 0;
    private static final byte LETTER = 1;
    private static final byte SPACE = 2;
    /// From here on a byte is looked at; those before are copied.
    private static final byte DIGIT = 3;
    private static final byte QUOTE = 4;
    private static final byte DOUBLE_QUOTE = 5;
    private static final byte DOLLAR = 6;
    /// Two of them, or it and a star, begin a comment.
    private static final byte DASH = 7;
    private static final byte SLASH = 8;
    private static final byte SEMICOLON = 9;
    /// Of a letter in a word.
    private static final byte BEYOND_ASCII = 10;
    private static final byte[] KINDS = kinds();

    private static final long[] FIRST_WORDS = {key("select"), key("insert"), key("update"), key("delete"), key("with"), key("values"), key("merge")};
    private static final int NONE = -1;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long SPACES = 0x2020202020202020L;

    private byte[] text = {};
    private byte[] shape = {};
    /// Where in the shape they stand.
    private int[] literals = new int[16];
    private int literalCount;
    private boolean shortened;
    private int textEnd;
    private int shapeEnd;
    private boolean standardStrings;
    private boolean asciiSafe;

    /// Reads a text; [#bytes] has its shape then.
    void read(ByteBuf buf, int from, int to, Dialect dialect) {
        textEnd = to - from;
        if (textEnd > text.length) {
            text = new byte[Math.max(512, Integer.highestOneBit(textEnd - 1) << 1)];
            shape = new byte[text.length];
        }
        buf.getBytes(from, text, 0, textEnd);
        standardStrings = dialect.standardConformingStrings();
        asciiSafe = dialect.asciiSafe();
        shortened = take();
    }

    /// The shape up to [#length], until the next text is read.
    byte[] bytes() {
        return shortened ? shape : text;
    }

    int length() {
        return shortened ? shapeEnd : textEnd;
    }

    /// Other texts have this shape too.
    boolean isShared() {
        return shortened;
    }

    /// The shape of the text that was read last, to know others by.
    KnownShape known() {
        return new KnownShape(Arrays.copyOf(bytes(), length()), shortened ? Arrays.copyOf(literals, literalCount) : new int[0]);
    }

    /// @return false if the text is its own shape
    private boolean take() {
        shapeEnd = 0;
        literalCount = 0;
        if (!beginsAsQuery()) return false;
        for (int at = plain(0); at < textEnd; at = plain(at)) {
            at = switch (KINDS[text[at] & 0xFF]) {
                case BEYOND_ASCII -> asciiSafe ? copy(at, at + 1) : NONE;
                case DIGIT -> number(at);
                case QUOTE -> string(at);
                case DOUBLE_QUOTE -> quotedIdentifier(at);
                case DOLLAR -> parameter(at);
                case DASH -> isAt(at + 1, '-') ? NONE : copy(at, at + 1);
                case SLASH -> isAt(at + 1, '*') ? NONE : copy(at, at + 1);
                case SEMICOLON -> skipSpace(at + 1) < textEnd ? NONE : copy(at, textEnd);
                default -> throw new IllegalStateException("byte " + text[at]);
            };
            if (at == NONE) return false;
        }
        return true;
    }

    /// Copies up to the next byte that has to be looked at. Letters, spaces and the like are told from the rest eight at a time.
    private int plain(int from) {
        byte[] bytes = text;
        int at = from;
        while (at + 8 <= textEnd) {
            long others = ~plainBytes((long) LONGS.get(bytes, at)) & HIGH_BITS;
            if (others == 0) {
                at += 8;
                continue;
            }
            at += Long.numberOfTrailingZeros(others) >>> 3;
            if (KINDS[bytes[at] & 0xFF] >= DIGIT) return copy(from, at);
            at++;
        }
        while (at < textEnd && KINDS[bytes[at] & 0xFF] < DIGIT) at++;
        return copy(from, at);
    }

    /// @return the high bit of each byte that is a space, or ASCII from `@` on: of each that is [#LETTER] at least, and of none that is looked at
    private static long plainBytes(long bytes) {
        long low = bytes & ~HIGH_BITS;
        long isNoSpace = (low ^ SPACES) + ~HIGH_BITS;
        return (low << 1 | ~isNoSpace) & ~bytes;
    }

    private boolean beginsAsQuery() {
        int at = skipSpace(0);
        long word = 0;
        while (kindAt(at) == LETTER) word = word << 8 | (text[at++] | 0x20) & 0xFF;
        for (long first : FIRST_WORDS) {
            if (word == first) return true;
        }
        return false;
    }

    private int copy(int from, int to) {
        System.arraycopy(text, from, shape, shapeEnd, to - from);
        shapeEnd += to - from;
        return to;
    }

    /// One stands here.
    private void literal() {
        if (literalCount == literals.length) literals = Arrays.copyOf(literals, 2 * literalCount);
        literals[literalCount++] = shapeEnd;
    }

    /// Digits, with a fraction or without. What has an exponent, another base, or anything odd around it stays.
    private int number(int from) {
        byte before = text[from - 1];
        boolean exponent = (before == '+' || before == '-') && (text[from - 2] | 0x20) == 'e';
        if (belongsToWord(KINDS[before & 0xFF]) || before == '.' || exponent) return copy(from, from + 1);
        int to = digits(from);
        if (isAt(to, '.') && kindAt(to + 1) == DIGIT) to = digits(to + 1);
        if (isAt(to, '.') || belongsToWord(kindAt(to))) return copy(from, from + 1);
        literal();
        shape[shapeEnd++] = KnownShape.NUMBER;
        return to;
    }

    private int digits(int from) {
        int at = from;
        while (kindAt(at) == DIGIT) at++;
        return at;
    }

    /// `$1`, with nothing behind it that it could be taken for a part of.
    private int parameter(int from) {
        int to = digits(from + 1);
        return to == from + 1 || belongsToWord(kindAt(to)) ? NONE : copy(from, to);
    }

    private int string(int from) {
        byte before = text[from - 1];
        if (belongsToWord(KINDS[before & 0xFF]) || before == '&') return NONE;
        int at = from + 1;
        while (at < textEnd) {
            byte b = text[at++];
            if (b == '\'') {
                if (!isAt(at, '\'')) return isAt(skipSpace(at), '\'') ? NONE : emptyString(at);
                at++;
            } else if (b == '\\' && !standardStrings || b < 0 && !asciiSafe || b == '_' && mayBeSetting(at - 1)) {
                return NONE;
            }
        }
        return NONE;
    }

    private int emptyString(int next) {
        literal();
        shape[shapeEnd++] = '\'';
        shape[shapeEnd++] = '\'';
        return next;
    }

    /// As in `transaction_read_only` and `in_hot_standby`.
    private boolean mayBeSetting(int underscore) {
        return (text[underscore - 1] | 0x20) == 'n' && underscore + 1 < textEnd && ((text[underscore + 1] | 0x20) == 'r' || (text[underscore + 1] | 0x20) == 'h');
    }

    private int quotedIdentifier(int from) {
        if (text[from - 1] == '&') return NONE;
        int at = from + 1;
        while (at < textEnd && text[at] != '"') {
            if (text[at++] < 0 && !asciiSafe) return NONE;
        }
        return at == textEnd ? NONE : copy(from, at + 1);
    }

    private static boolean belongsToWord(byte kind) {
        return kind == LETTER || kind == DIGIT || kind == DOLLAR || kind == BEYOND_ASCII;
    }

    private boolean isAt(int at, char wanted) {
        return at < textEnd && text[at] == wanted;
    }

    private byte kindAt(int at) {
        return at < textEnd ? KINDS[text[at] & 0xFF] : OTHER;
    }

    private int skipSpace(int from) {
        int at = from;
        while (kindAt(at) == SPACE) at++;
        return at;
    }

    private static long key(String word) {
        long key = 0;
        for (int i = 0; i < word.length(); i++) key = key << 8 | word.charAt(i);
        return key;
    }

    private static byte[] kinds() {
        byte[] kinds = new byte[256];
        Arrays.fill(kinds, 'a', 'z' + 1, LETTER);
        Arrays.fill(kinds, 'A', 'Z' + 1, LETTER);
        Arrays.fill(kinds, 0x80, 0x100, BEYOND_ASCII);
        kinds['_'] = LETTER;
        Arrays.fill(kinds, '0', '9' + 1, DIGIT);
        Arrays.fill(kinds, '\t', '\r' + 1, SPACE);
        kinds[' '] = SPACE;
        kinds['\''] = QUOTE;
        kinds['"'] = DOUBLE_QUOTE;
        kinds['$'] = DOLLAR;
        kinds['-'] = DASH;
        kinds['/'] = SLASH;
        kinds[';'] = SEMICOLON;
        return kinds;
    }
}
