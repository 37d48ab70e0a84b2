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
}
