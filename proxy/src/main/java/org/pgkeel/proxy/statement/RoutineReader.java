package org.pgkeel.proxy.statement;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.pgkeel.proxy.catalogue.Catalogue;

/// Tells of a CALL or DO whether it ends no transaction. What PL/pgSQL ends one with are its own COMMIT, ROLLBACK, CALL and DO: what EXECUTE, a query or a function runs cannot.
/// <https://www.postgresql.org/docs/current/plpgsql-transactions.html>
final class RoutineReader {
    private static final Set<String> ENDING = Set.of("commit", "rollback", "call");
    /// What no routine may do, said in other words where a transaction block is open; and what is done elsewhere, on which no block has a hold.
    private static final Pattern REFUSED = Pattern.compile("\\b(?:vacuum|cluster|concurrently|reindex|repack|dblink\\w*|discard\\s+all|(?:create|drop|alter)\\s+(?:database|tablespace|system|subscription))\\b",
            Pattern.CASE_INSENSITIVE);

    private RoutineReader() {}

    /// @param tokens of the statement, from CALL or DO on
    /// @return empty if it may end a transaction
    static Optional<Routine> read(Tokens tokens, Dialect dialect, Catalogue catalogue) {
        return tokens.take().isWord("call") ? procedure(tokens, catalogue) : code(tokens, dialect, catalogue);
    }

    private static Optional<Routine> procedure(Tokens tokens, Catalogue catalogue) {
        Token name = tokens.take();
        while (tokens.takeIf('.')) name = tokens.take();
        if (!name.isIdentifier() || !tokens.isNext('(')) return Optional.empty();
        return switch (catalogue.procedure(name.text())) {
            case CONTAINED -> Optional.of(new Routine.Procedure(name.text()));
            case UNKNOWN -> Optional.of(new Routine.Unheard());
            case MAY_END -> Optional.empty();
        };
    }

    private static Optional<Routine> code(Tokens tokens, Dialect dialect, Catalogue catalogue) {
        Optional<String> code = Optional.empty();
        while (!tokens.atEnd()) {
            Token token = tokens.take();
            if (token.isWord("language")) {
                if (!tokens.take().text().equals("plpgsql")) return Optional.empty();
            } else if (token.kind() == Token.Kind.STRING && code.isEmpty()) {
                code = Optional.of(token.text());
            } else {
                return Optional.empty();
            }
        }
        return code.isEmpty() || mayEnd(code.get(), dialect, catalogue) ? Optional.empty() : Optional.of(new Routine.Code());
    }

    private static boolean mayEnd(String code, Dialect dialect, Catalogue catalogue) {
        if (REFUSED.matcher(code).find()) return true;
        Lexer lexer = new Lexer(code, dialect);
        for (Token token = lexer.next(), next; !token.isEnd(); token = next) {
            next = lexer.next();
            if (token.isIdentifier() && catalogue.mayBeForeign(token.text())) return true;
            if (token.kind() != Token.Kind.WORD) continue;
            if (ENDING.contains(token.text())) return true;
            // `ON CONFLICT DO NOTHING`
            if (token.isWord("do") && !next.isWord("nothing") && !next.isWord("update") && !next.isWord("select")) return true;
        }
        return false;
    }
}
