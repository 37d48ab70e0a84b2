package org.pgkeel.proxy.statement;

import java.util.List;

/// Takes SQL apart as PostgreSQL's own lexer does, as far as pooling has to know.
public final class Statements {
    private Statements() {}

    /// The statements of a text. Empty ones are left out: the server gives no reply for them. Where the text is broken the
    /// effects of what was understood are given; the server will refuse it.
    ///
    /// @param sql                       decoded in any way that keeps ASCII; indices in the result are indices into it
    /// @param standardConformingStrings the client's setting: whether a backslash in `'...'` is an ordinary character
    public static List<Statement> parse(String sql, boolean standardConformingStrings) {
        return new StatementParser(sql, standardConformingStrings).parse();
    }

    /// Whether a `$1` stands in the text where a Parse message would make a parameter of it: not in a string, a comment or a name.
    ///
    /// @param sql                       decoded in any way that keeps ASCII
    /// @param standardConformingStrings as for [#parse]
    public static boolean hasParameter(String sql, boolean standardConformingStrings) {
        var lexer = new Lexer(sql, 0, sql.length(), standardConformingStrings);
        for (Token token = lexer.next(); !token.isEnd(); token = lexer.next()) {
            if (token.kind() == Token.Kind.PARAMETER) return true;
        }
        return false;
    }
}
