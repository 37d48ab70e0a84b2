package org.pgkeel.proxy.statement;

import java.util.List;

/// Takes SQL apart as PostgreSQL's own lexer does, as far as pooling has to know.
public final class Statements {
    private Statements() {}

    /// The statements of a text. Empty ones are left out: the server gives no reply for them. Where the text is broken the
    /// effects of what was understood are given; the server will refuse it.
    ///
    /// @param sql with one character for each byte; indices in the result are indices into it
    public static List<Statement> parse(String sql, Dialect dialect) {
        return new StatementParser(sql, dialect).parse();
    }

    /// Whether a `$1` stands in the text where a Parse message would make a parameter of it: not in a string, a comment or a name.
    ///
    /// @param sql with one character for each byte
    public static boolean hasParameter(String sql, Dialect dialect) {
        var lexer = new Lexer(sql, dialect);
        for (Token token = lexer.next(); !token.isEnd(); token = lexer.next()) {
            if (token.kind() == Token.Kind.PARAMETER) return true;
        }
        return false;
    }
}
