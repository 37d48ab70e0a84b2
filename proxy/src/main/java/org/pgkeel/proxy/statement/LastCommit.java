package org.pgkeel.proxy.statement;

import java.util.List;
import java.util.OptionalInt;

/// The COMMIT that a text ends with: all that stands before it can be sent without it, and means the same.
public final class LastCommit {
    private LastCommit() {}

    /// Only where the COMMIT itself cannot be wrong: the server, too, is to find the errors of the text before it.
    ///
    /// @param sql with one character for each byte
    /// @return index of the COMMIT's first character; empty if the last statement is no COMMIT, or has more behind it than semicolons and comments
    public static OptionalInt place(String sql, Dialect dialect) {
        List<Statement> statements = Statements.parse(sql, dialect);
        if (statements.isEmpty()) return OptionalInt.empty();
        int from = statements.getLast().from();
        return isCommit(sql.substring(from), dialect) ? OptionalInt.of(from) : OptionalInt.empty();
    }

    private static boolean isCommit(String text, Dialect dialect) {
        if (!commentsEnd(text) || text.chars().anyMatch(c -> c >= 0x80)) return false;
        Tokens tokens = new Tokens(new Lexer(text, dialect));
        if (!tokens.takeIf("commit") && !tokens.takeIf("end")) return false;
        if (!tokens.takeIf("work")) tokens.takeIf("transaction");
        if (tokens.takeIf("and")) {
            tokens.takeIf("no");
            if (!tokens.takeIf("chain")) return false;
        }
        return tokens.atEnd() && !tokens.nextStatement();
    }

    /// Of a text that is nothing but words and comments. Where it has comments of both kinds, one may stand in the other.
    private static boolean commentsEnd(String text) {
        if (!text.contains("/*")) return true;
        int depth = 0;
        for (int at = 0; at < text.length(); at++) {
            if (text.startsWith("--", at)) return false;
            boolean begins = text.startsWith("/*", at);
            if (!begins && !text.startsWith("*/", at)) continue;
            depth += begins ? 1 : -1;
            at++;
        }
        return depth == 0;
    }
}
