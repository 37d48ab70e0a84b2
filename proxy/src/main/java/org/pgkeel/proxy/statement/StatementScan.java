package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/// The look at every statement's bytes on the hot path: is there anything in it that pooling has to know? It knows words,
/// not quotes, so it errs only towards looking closer. One pass, no allocation.
///
/// Words that can only begin a statement count only at the beginning of the text and behind a semicolon; so the `SET` of
/// `UPDATE ... SET` is nothing. A comment where a statement begins may hide its first word: look closer.
public final class StatementScan {
    /// Nothing of interest: may run on any backend that has the client's settings.
    public static final int PLAIN = 0;
    /// To be taken apart by [Statements#parse].
    public static final int LOOK_CLOSER = 1;
    /// A statement begins with BEGIN, START, COMMIT, END, ROLLBACK or ABORT, in its plain form (no savepoint, no chain, no
    /// two-phase commit: those are [#LOOK_CLOSER]).
    public static final int TRANSACTION_CONTROL = 2;
    /// A string begins or ends with `now`, `today`, `tomorrow` or `yesterday`, or has it behind a number: its value is taken when the statement is parsed, so a
    /// statement with it must not be kept prepared on the client's behalf.
    public static final int VOLATILE_LITERAL = 4;
    /// There is something behind a semicolon; it may be inside of a string.
    public static final int MULTI = 8;
    /// A statement begins with CREATE, ALTER, DROP or IMPORT.
    public static final int DDL = 16;
    /// Without these flags no statement ends a transaction: PREPARE TRANSACTION is one to look closer at.
    public static final int MAY_COMMIT = LOOK_CLOSER | TRANSACTION_CONTROL;

    private static final int RESULT = LOOK_CLOSER | TRANSACTION_CONTROL | VOLATILE_LITERAL | MULTI | DDL;

    private StatementScan() {}

    /// Reads the bytes without moving the buffer's indices. A NUL at the end counts as space.
    ///
    /// One round of the loop takes a word, if there is one, and the character behind it: eight bytes are classified at once,
    /// and the word's first eight are its key in a table.
    ///
    /// @return the flags that apply, or [#PLAIN]
    public static int scan(ByteBuf buf, int from, int to) {
        int seen = 0;
        boolean atStart = true;
        int behindSemicolon = 0;
        int separator = 0;
        int at = from;
        while (at < to) {
            long bytes = eightBytes(buf, from, at, to);
            long separators = ScanWords.separators(bytes);
            int length = Long.numberOfTrailingZeros(separators) >>> 3;
            long key = ScanWords.key(bytes, length);
            int end = at + length;
            while (separators == 0) {
                bytes = eightBytes(buf, from, end, to);
                separators = ScanWords.separators(bytes);
                length = Long.numberOfTrailingZeros(separators) >>> 3;
                end += length;
            }
            int b = (int) (bytes >>> (length << 3)) & 0xff;
            if (end > at) {
                int word = ScanWords.find(key);
                if (word != 0 && end - at > 8) {
                    word = ScanWords.findLong(buf, at, end);
                }
                if (atStart) {
                    // A dollar belongs to a word, though it separates here: the first word was another one.
                    seen |= word >>> ScanWords.FIRST_SHIFT | behindSemicolon | (b == '$' ? LOOK_CLOSER : 0);
                    atStart = false;
                }
                if ((word & ScanWords.ANYWHERE) != 0) {
                    seen |= anywhere(buf, from, at, word & ScanWords.ANYWHERE, separator, b);
                }
                separator = 0;
            }
            if (b > ' ') {
                separator = b;
                if (b == ';') {
                    atStart = true;
                    behindSemicolon = MULTI;
                } else if (atStart) {
                    // A comment, or what no statement begins with: its first word is not what it seems.
                    seen |= behindSemicolon | (b == '(' ? 0 : LOOK_CLOSER);
                }
            }
            at = end + 1;
        }
        return seen < ScanWords.HOLD ? seen & RESULT : combine(seen);
    }

    /// Whether nothing in it concerns the session, a transaction or the catalogue.
    ///
    /// @param sql with one character for each byte
    static boolean isPlain(String sql) {
        byte[] bytes = sql.getBytes(StandardCharsets.ISO_8859_1);
        return (scan(Unpooled.wrappedBuffer(bytes), 0, bytes.length) & (LOOK_CLOSER | TRANSACTION_CONTROL | DDL)) == 0;
    }

    /// The bytes at `at`, the first one lowest; NUL, which separates words, for those behind the end.
    private static long eightBytes(ByteBuf buf, int from, int at, int to) {
        if (at + 8 <= to) {
            return buf.getLongLE(at);
        }
        if (to - from >= 8) {
            int missing = at + 8 - to;
            return missing == 8 ? 0 : buf.getLongLE(to - 8) >>> (missing << 3);
        }
        long bytes = 0;
        for (int i = to - 1; i >= at; i--) {
            bytes = bytes << 8 | buf.getByte(i) & 0xff;
        }
        return bytes;
    }

    /// @param at     where the word begins
    /// @param before the last character before the word that is neither space nor part of a word, 0 if there was a word since
    /// @param after  the character right behind the word
    private static int anywhere(ByteBuf buf, int from, int at, int word, int before, int after) {
        return switch (word) {
            case ScanWords.VOLATILE -> isQuote(before) || isQuote(after) || before == 0 && isBehindDigit(buf, from, at) ? VOLATILE_LITERAL : 0;
            case ScanWords.UNICODE_PREFIX -> after == '&' ? LOOK_CLOSER : 0;
            default -> word;
        };
    }

    private static boolean isQuote(int b) {
        return b == '\'' || b == '$';
    }

    /// As in `12:00 today`.
    private static boolean isBehindDigit(ByteBuf buf, int from, int at) {
        int last = at - 1;
        while (last >= from && buf.getByte(last) >= 0 && buf.getByte(last) <= ' ') last--;
        return last >= from && buf.getByte(last) >= '0' && buf.getByte(last) <= '9';
    }

    /// Words that count only together.
    private static int combine(int seen) {
        boolean closer = has(seen, ScanWords.SECOND_WORD) && has(seen, TRANSACTION_CONTROL)
                || has(seen, ScanWords.HOLD) && has(seen, ScanWords.DECLARE)
                || has(seen, ScanWords.TEMP) && (has(seen, ScanWords.CREATE)
                        || has(seen, ScanWords.INTO) && (!has(seen, ScanWords.INSERT) || has(seen, MULTI)));
        return seen & RESULT | (closer ? LOOK_CLOSER : 0);
    }

    private static boolean has(int seen, int flag) {
        return (seen & flag) != 0;
    }
}
