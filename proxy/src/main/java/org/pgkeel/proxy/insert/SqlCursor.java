package org.pgkeel.proxy.insert;

import java.util.Locale;
import org.pgkeel.proxy.statement.Characters;

/// A place in a text that is read from its beginning to its end, in a small part of SQL's words: no dollar quotes, of strings with a letter in front only
/// `E''`, and nothing beyond ASCII but in strings and names. What is anything else ends the reading.
/// <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>
///
/// Threading: used once.
final class SqlCursor {
    private static final int NAME_BYTES_MAX = 63;

    private final String text;
    private int at;

    /// @param text one character for each byte of UTF8
    SqlCursor(String text) {
        this.text = text;
    }

    /// What stands here is in no syntax that is read.
    static final class NotUnderstood extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotUnderstood() {
            super(null, null, false, false);
        }
    }

    int at() {
        return at;
    }

    /// Goes back, or on.
    void to(int place) {
        at = place;
    }

    String text() {
        return text;
    }

    /// The character here; 0 at the end.
    char here() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    /// The next character that is neither space nor comment; 0 at the end.
    char next() {
        skipSpace();
        return here();
    }

    boolean isAtEnd() {
        skipSpace();
        return at >= text.length();
    }

    boolean takes(char c) {
        if (next() != c) return false;
        at++;
        return true;
    }

    void expect(char c) {
        if (!takes(c)) throw new NotUnderstood();
    }

    void expectWord(String word) {
        if (!word().equals(word)) throw new NotUnderstood();
    }

    /// Goes over the word if it is this one.
    boolean takesWord(String word) {
        int start = at;
        if (isLetter(next()) && word().equals(word)) return true;
        at = start;
        return false;
    }

    /// A name or a key word, in lower case.
    String word() {
        if (!isLetter(next())) throw new NotUnderstood();
        int from = at;
        while (isLetter(here()) || isDigit(here()) || here() == '$') at++;
        return text.substring(from, at).toLowerCase(Locale.ROOT);
    }

    /// What a table, a schema or a column is named by where it stands alone: an identifier that is no reserved word, unless it is quoted.
    String nameAlone() {
        boolean isQuoted = next() == '"';
        String name = name();
        if (!isQuoted && ReservedWords.contains(name)) throw new NotUnderstood();
        return name;
    }

    /// An identifier, folded as SQL folds it.
    String name() {
        if (next() != '"') {
            int from = at;
            while (isLetter(here()) || here() >= 0x80 || at > from && (isDigit(here()) || here() == '$')) at++;
            return name(Characters.folded(text.substring(from, at)));
        }
        int from = ++at;
        while (at < text.length()) {
            if (text.charAt(at++) != '"') continue;
            if (here() != '"') return name(text.substring(from, at - 1).replace("\"\"", "\""));
            at++;
        }
        throw new NotUnderstood();
    }

    /// @param bytes of UTF8
    private static String name(String bytes) {
        if (bytes.isEmpty() || bytes.length() > NAME_BYTES_MAX) throw new NotUnderstood();
        return Characters.UTF8.text(bytes).orElseThrow(NotUnderstood::new);
    }

    /// A string in which a backslash means itself, from its first quote.
    String string() {
        int from = ++at;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == 0) throw new NotUnderstood();
            if (c != '\'') continue;
            if (here() == '\'') {
                at++;
                continue;
            }
            return text.substring(from, at - 1).replace("''", "'");
        }
        throw new NotUnderstood();
    }

    /// An `E''` string, from its first quote, with its escapes as they are written. It does not go on in the next line: what it has there would have escapes, too.
    String escapedString() {
        int from = ++at;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == 0) throw new NotUnderstood();
            if (c == '\\') {
                at++;
                continue;
            }
            if (c != '\'') continue;
            if (here() == '\'') {
                at++;
                continue;
            }
            int end = at - 1;
            if (next() == '\'') throw new NotUnderstood();
            return text.substring(from, end);
        }
        throw new NotUnderstood();
    }

    /// @return empty for anything but digits that are a number by themselves: 1_000, 0x1F, 1.5, 1e3 and 1abc are other things
    String digits() {
        int from = at;
        while (isDigit(here())) at++;
        return isLetter(here()) || here() == '.' || here() == '$' ? "" : text.substring(from, at);
    }

    void skipSpace() {
        while (at < text.length()) {
            if (isSpace(text.charAt(at))) at++;
            else if (text.startsWith("--", at)) skipLine();
            else if (text.startsWith("/*", at)) skipComment();
            else return;
        }
    }

    private void skipLine() {
        while (at < text.length() && here() != '\n' && here() != '\r') at++;
    }

    private void skipComment() {
        int depth = 0;
        do {
            if (at >= text.length()) throw new NotUnderstood();
            if (text.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (text.startsWith("*/", at)) {
                depth--;
                at += 2;
            } else {
                at++;
            }
        } while (depth > 0);
    }

    static boolean isSpace(int c) {
        return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
    }

    static boolean isLetter(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }
}
