package org.pgkeel.proxy.statement;

import java.util.Optional;

/// A text that is `COMMIT PREPARED` or `ROLLBACK PREPARED` and nothing else.
///
/// @param commits it is the first
/// @param gid     the name of the prepared transaction, as the text writes it: a literal
public record PreparedEnd(boolean commits, String gid) {
    /// @param sql with one character for each byte
    public static Optional<PreparedEnd> read(String sql, Dialect dialect) {
        var lexer = new Lexer(sql, dialect);
        Token end = lexer.next();
        boolean commits = end.isWord("commit");
        if (!commits && !end.isWord("rollback") || !lexer.next().isWord("prepared")) return Optional.empty();
        Token gid = lexer.next();
        if (gid.kind() != Token.Kind.STRING) return Optional.empty();
        Token behind = lexer.next();
        while (behind.isSymbol(';')) behind = lexer.next();
        return behind.isEnd() ? Optional.of(new PreparedEnd(commits, sql.substring(gid.from(), gid.to()))) : Optional.empty();
    }
}
