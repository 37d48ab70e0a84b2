package org.pgkeel.proxy.statement;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Escapes inside of string literals.
/// <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE>
final class Escapes {
    private Escapes() {}

    /// One escape of an `E''` string.
    ///
    /// @param at index behind the backslash, before `end`
    /// @return the index behind the escape
    static int backslash(String sql, int at, int end, StringBuilder text) {
        char c = sql.charAt(at);
        switch (c) {
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'n' -> text.append('\n');
            case 'r' -> text.append('\r');
            case 't' -> text.append('\t');
            case 'v' -> text.append('\013');
            case 'u' -> {
                return codePoint(sql, at + 1, Math.min(end, at + 5), text);
            }
            case 'U' -> {
                return codePoint(sql, at + 1, Math.min(end, at + 9), text);
            }
            case 'x', '0', '1', '2', '3', '4', '5', '6', '7' -> {
                return bytes(sql, at - 1, end, text);
            }
            default -> text.append(c);
        }
        return at + 1;
    }

    /// A run of `\xhh` and `\ooo`: bytes.
    private static int bytes(String sql, int backslash, int end, StringBuilder text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int at = backslash;
        while (at + 1 < end && sql.charAt(at) == '\\') {
            boolean hex = sql.charAt(at + 1) == 'x';
            int radix = hex ? 16 : 8;
            int from = hex ? at + 2 : at + 1;
            int to = from;
            while (to < end && to < from + (hex ? 2 : 3) && Character.digit(sql.charAt(to), radix) >= 0) {
                to++;
            }
            if (to == from) {
                if (bytes.size() == 0) {
                    text.append(sql.charAt(at + 1));
                    return at + 2;
                }
                break;
            }
            bytes.write(Integer.parseInt(sql, from, to, radix));
            at = to;
        }
        text.append(bytes.toString(StandardCharsets.ISO_8859_1));
        return at;
    }

    private static int codePoint(String sql, int from, int to, StringBuilder text) {
        appendCodePoint(sql, from, to, text);
        return to;
    }

    /// What `U&''` means; a broken escape is left as it is, the server will refuse it.
    static String unicode(String raw, char escape) {
        if (raw.indexOf(escape) < 0) {
            return raw;
        }
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < raw.length()) {
            char c = raw.charAt(at++);
            if (c != escape || at == raw.length()) {
                text.append(c);
            } else if (raw.charAt(at) == escape) {
                text.append(escape);
                at++;
            } else {
                int from = raw.charAt(at) == '+' ? at + 1 : at;
                int to = Math.min(raw.length(), from == at ? at + 4 : at + 7);
                appendCodePoint(raw, from, to, text);
                at = to;
            }
        }
        return text.toString();
    }

    private static void appendCodePoint(String hex, int from, int to, StringBuilder text) {
        long codePoint = 0;
        for (int i = from; i < to; i++) {
            int digit = Character.digit(hex.charAt(i), 16);
            if (digit < 0) {
                text.append(hex, from, to);
                return;
            }
            codePoint = codePoint << 4 | digit;
        }
        if (codePoint > Character.MAX_CODE_POINT) {
            text.append(hex, from, to);
        } else if (codePoint < 0x80 || codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
            text.append((char) codePoint);   // half of a pair is not put together
        } else {
            text.append(new String(Character.toString((int) codePoint).getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
        }
    }
}
