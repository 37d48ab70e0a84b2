package org.pgkeel.proxy.statement;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/// PostgreSQL's key words, as far as a parenthesis behind one has to be told from a function call.
/// <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
final class KeyWords {
    private static final Set<String> ALL = new HashSet<>();
    /// Can never be the name of a function, unless quoted or behind a dot.
    private static final Set<String> NEVER_FUNCTIONS = new HashSet<>();
    /// May be a function's name, and are followed by a parenthesis in a SELECT's own syntax.
    private static final Set<String> BEFORE_PARENTHESES = Set.of("filter", "over", "sets", "cube", "rollup", "materialized", "by", "repeatable",
            "escape", "columns", "to", "zone", "first", "next", "passing", "path", "key", "value", "join", "like", "ilike", "is", "rows", "range", "groups", "empty", "nested");
    /// Newer than the oldest server: there it may be the name of a function.
    private static final Set<String> NEW = Set.of("json", "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query",
            "json_scalar", "json_serialize", "json_table", "json_value", "merge_action", "system_user");

    static {
        try (InputStream in = KeyWords.class.getResourceAsStream("keywords.txt")) {
            if (in == null) throw new IllegalStateException("missing resource keywords.txt");
            for (String line : new String(in.readAllBytes(), StandardCharsets.US_ASCII).split("\n")) {
                if (line.startsWith("#")) continue;
                String word = line.substring(2);
                ALL.add(word);
                if ((line.charAt(0) == 'R' || line.charAt(0) == 'C') && !NEW.contains(word)) NEVER_FUNCTIONS.add(word);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private KeyWords() {}

    static boolean isKeyWord(Token token) {
        return token.kind() == Token.Kind.WORD && ALL.contains(token.text());
    }

    static boolean isNeverFunction(String word) {
        return NEVER_FUNCTIONS.contains(word);
    }

    /// Whether a parenthesis behind the word is SQL's own, provided that the database has no function of this name.
    static boolean isSyntax(String word) {
        return BEFORE_PARENTHESES.contains(word) || NEW.contains(word);
    }
}
