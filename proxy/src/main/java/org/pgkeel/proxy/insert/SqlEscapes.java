package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.util.Optional;
import org.pgkeel.protocol.copy.CopyText;

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

    /// Appends what stands between the quotes as COPY has it.
    /// @return false where [#decode] has no answer
    static boolean write(ByteBuf in, int from, int to, ByteBuf out) {
        int start = from;
        for (int at = from; at < to; at++) {
            byte b = in.getByte(at);
            if (b != '\\' && b != '\'') continue;
            CopyText.write(in, start, at, out);
            int meant = b == '\'' ? b : at + 1 < to ? meaning(in.getByte(at + 1)) : -1;
            if (meant < 0) return false;
            CopyText.write((byte) meant, out);
            at++;
            start = at + 1;
        }
        CopyText.write(in, start, to, out);
        return true;
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
