package org.pgkeel.proxy.insert;

import java.util.Optional;

/// What the backslashes in an `E''` string mean, where all servers agree on it and no setting has a say.
/// <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE>
final class SqlEscapes {
    private SqlEscapes() {}

    /// @param raw what stands between the quotes
    /// @return empty if there is an escape of bytes or characters by their number, or a quote behind a backslash
    static Optional<String> decode(String raw) {
        var text = new StringBuilder(raw.length());
        for (int at = 0; at < raw.length(); at++) {
            char c = raw.charAt(at);
            if (c == '\'') at++;   // doubled
            if (c != '\\') {
                text.append(c);
                continue;
            }
            int meant = ++at < raw.length() ? meaning(raw.charAt(at)) : -1;
            if (meant < 0) return Optional.empty();
            text.append((char) meant);
        }
        return Optional.of(text.toString());
    }

    /// @param letter behind the backslash
    /// @return the byte that is meant; -1 if it is not that simple
    static int meaning(int letter) {
        return switch (letter) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case '\\' -> '\\';
            default -> letter >= ' ' && letter <= '~' && !SqlCursor.isLetter(letter) && !SqlCursor.isDigit(letter) && letter != '\'' ? letter : -1;
        };
    }
}
