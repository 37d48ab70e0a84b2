package org.pgkeel.proxy.statement;

import org.pgkeel.proxy.statement.Token.Kind;

/// Cuts SQL into tokens as the server's `scan.l` does: nested comments, dollar quotes, `E''`, `U&''`, strings continued on the
/// next line. Operators come one character at a time. A quote left open reaches to the end of the text. The text has one character for
/// each byte, and so have the tokens: what is escaped comes as the bytes of UTF-8.
/// <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>
///
/// Threading: confined to the caller.
final class Lexer {
    /// NAMEDATALEN - 1: the server cuts longer identifiers.
    private static final int IDENTIFIER_BYTES_MAX = 63;

    private final String sql;
    private final int end;
    private final boolean standardConformingStrings;
    private int at;

    Lexer(String sql, Dialect dialect) {
        this(sql, 0, sql.length(), dialect);
    }

    Lexer(String sql, int from, int to, Dialect dialect) {
        this.sql = dialect.characters().readable(sql);
        this.at = from;
        this.end = to;
        this.standardConformingStrings = dialect.standardConformingStrings();
    }

    Token next() {
        at = skipSpace(at);
        if (at >= end) {
            return new Token(Kind.END, "", end, end);
        }
        int from = at;
        char c = sql.charAt(at);
        char following = charAt(at + 1);
        if (isIdentifierStart(c)) {
            if (following == '\'') {
                switch (c) {
                    case 'e', 'E' -> {
                        return string(from, at + 1, true);
                    }
                    case 'n', 'N', 'b', 'B', 'x', 'X' -> {
                        return string(from, at + 1, !standardConformingStrings && (c == 'n' || c == 'N'));
                    }
                    default -> { }
                }
            }
            if ((c == 'u' || c == 'U') && following == '&' && (charAt(at + 2) == '\'' || charAt(at + 2) == '"')) {
                return unicode(from);
            }
            return word(from);
        }
        if (c == '\'') {
            return string(from, at, !standardConformingStrings);
        }
        if (c == '"') {
            String text = quoted('"');
            return new Token(Kind.QUOTED_IDENTIFIER, cut(text), from, at);
        }
        if (c == '$') {
            return dollar(from, following);
        }
        if (isDigit(c) || c == '.' && isDigit(following)) {
            return number(from);
        }
        at++;
        return new Token(Kind.SYMBOL, sql.substring(from, at), from, at);
    }

    private Token word(int from) {
        while (at < end && isIdentifierPart(sql.charAt(at))) {
            at++;
        }
        return new Token(Kind.WORD, cut(lowerCase(sql.substring(from, at))), from, at);
    }

    private Token number(int from) {
        while (at < end) {
            char c = sql.charAt(at);
            boolean exponentSign = (c == '+' || c == '-') && (sql.charAt(at - 1) | 0x20) == 'e'
                    && (charAt(from + 1) | 0x20) != 'x' && isDigit(charAt(at + 1));
            if (!isIdentifierPart(c) && c != '.' && !exponentSign) {
                break;
            }
            at++;
        }
        return new Token(Kind.NUMBER, sql.substring(from, at), from, at);
    }

    private Token dollar(int from, char following) {
        if (isDigit(following)) {
            at++;
            while (at < end && isDigit(sql.charAt(at))) {
                at++;
            }
            return new Token(Kind.PARAMETER, sql.substring(from, at), from, at);
        }
        int tagEnd = at + 1;
        if (isIdentifierStart(following)) {
            while (tagEnd < end && sql.charAt(tagEnd) != '$' && isIdentifierPart(sql.charAt(tagEnd))) {
                tagEnd++;
            }
        }
        if (charAt(tagEnd) != '$') {
            at++;
            return new Token(Kind.SYMBOL, "$", from, at);
        }
        String tag = sql.substring(from, tagEnd + 1);
        int close = sql.indexOf(tag, tagEnd + 1);
        if (close < 0 || close + tag.length() > end) {
            at = end;
            return new Token(Kind.STRING, sql.substring(tagEnd + 1, end), from, at);
        }
        at = close + tag.length();
        return new Token(Kind.STRING, sql.substring(tagEnd + 1, close), from, at);
    }

    /// @param quote index of the opening quote
    private Token string(int from, int quote, boolean escapes) {
        at = quote;
        StringBuilder text = new StringBuilder();
        do {
            if (escapes) {
                escaped(text);
            } else {
                text.append(quoted('\''));
            }
        } while (continues());
        return new Token(Kind.STRING, text.toString(), from, at);
    }

    /// Whether the string goes on behind white space that has a line break in it; moves to the quote if so.
    private boolean continues() {
        int next = at;
        boolean newline = false;
        while (next < end) {
            char c = sql.charAt(next);
            if (c == '-' && charAt(next + 1) == '-') {
                next = lineEnd(next);
            } else if (isSpace(c)) {
                newline |= c == '\n' || c == '\r';
                next++;
            } else {
                break;
            }
        }
        if (newline && charAt(next) == '\'') {
            at = next;
            return true;
        }
        return false;
    }

    /// The text between quotes, doubled ones made single; moves behind the closing one.
    private String quoted(char quote) {
        int start = ++at;
        boolean doubled = false;
        while (at < end) {
            if (sql.charAt(at) == quote) {
                if (charAt(at + 1) != quote) {
                    break;
                }
                doubled = true;
                at++;
            }
            at++;
        }
        String text = sql.substring(start, Math.min(at, end));
        at = Math.min(at + 1, end);
        String one = String.valueOf(quote);
        return doubled ? text.replace(one + one, one) : text;
    }

    /// The text of an `E''` string; moves behind the closing quote.
    private void escaped(StringBuilder text) {
        at++;
        while (at < end) {
            char c = sql.charAt(at++);
            if (c == '\'') {
                if (charAt(at) != '\'') {
                    return;
                }
                at++;
                text.append('\'');
            } else if (c == '\\' && at < end) {
                at = Escapes.backslash(sql, at, end, text);
            } else {
                text.append(c);
            }
        }
    }

    /// `U&'...'` and `U&"..."`, with an UESCAPE clause behind it if there is one.
    private Token unicode(int from) {
        at += 2;
        char quote = sql.charAt(at);
        StringBuilder raw = new StringBuilder();
        do {
            raw.append(quoted(quote));
        } while (quote == '\'' && continues());
        char escape = escapeCharacter();
        String text = Escapes.unicode(raw.toString(), escape);
        return quote == '"'
                ? new Token(Kind.QUOTED_IDENTIFIER, cut(text), from, at)
                : new Token(Kind.STRING, text, from, at);
    }

    /// That of an UESCAPE clause, a plain string in any form; moves behind it.
    private char escapeCharacter() {
        int behind = at;
        int clause = skipSpace(at);
        if (sql.regionMatches(true, clause, "uescape", 0, 7)) {
            int open = skipSpace(clause + 7);
            char first = charAt(open);
            at = open;
            String escape = switch (first) {
                case '\'' -> string(open, open, !standardConformingStrings).text();
                case 'e', 'E' -> charAt(open + 1) == '\'' ? string(open, open + 1, true).text() : "";
                case '$' -> dollar(open, charAt(open + 1)).text();
                default -> "";
            };
            if (escape.length() == 1) return escape.charAt(0);
        }
        at = behind;
        return '\\';
    }

    private int skipSpace(int from) {
        int next = from;
        while (next < end) {
            char c = sql.charAt(next);
            if (isSpace(c)) {
                next++;
            } else if (c == '-' && charAt(next + 1) == '-') {
                next = lineEnd(next);
            } else if (c == '/' && charAt(next + 1) == '*') {
                next = commentEnd(next);
            } else {
                break;
            }
        }
        return next;
    }

    private int lineEnd(int from) {
        int next = from;
        while (next < end && sql.charAt(next) != '\n' && sql.charAt(next) != '\r') {
            next++;
        }
        return next;
    }

    private int commentEnd(int from) {
        int depth = 0;
        int next = from;
        while (next < end) {
            if (sql.charAt(next) == '/' && charAt(next + 1) == '*') {
                depth++;
                next += 2;
            } else if (sql.charAt(next) == '*' && charAt(next + 1) == '/') {
                depth--;
                next += 2;
                if (depth == 0) {
                    return next;
                }
            } else {
                next++;
            }
        }
        return end;
    }

    /// The character, or NUL behind the end: SQL has none.
    private char charAt(int index) {
        return index < end ? sql.charAt(index) : '\0';
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isIdentifierStart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80;
    }

    private static boolean isIdentifierPart(char c) {
        return isIdentifierStart(c) || isDigit(c) || c == '$';
    }

    /// Only ASCII: what the server does with other letters depends on its locale.
    static String lowerCase(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 'A' && text.charAt(i) <= 'Z') {
                char[] chars = text.toCharArray();
                for (int j = i; j < chars.length; j++) {
                    if (chars[j] >= 'A' && chars[j] <= 'Z') {
                        chars[j] |= 0x20;
                    }
                }
                return new String(chars);
            }
        }
        return text;
    }

    private static String cut(String identifier) {
        if (identifier.length() <= IDENTIFIER_BYTES_MAX) {
            return identifier;
        }
        int length = IDENTIFIER_BYTES_MAX;
        while ((identifier.charAt(length) & 0xC0) == 0x80) {
            length--;
        }
        return identifier.substring(0, length);
    }
}
