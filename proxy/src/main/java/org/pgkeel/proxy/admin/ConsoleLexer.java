package org.pgkeel.proxy.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Cuts the text of a query into statements, and statements into tokens. Comments and white space fall away.
/// Threading: belongs to the call that made it.
final class ConsoleLexer {
    enum Kind { WORD, QUOTED_NAME, STRING, SYMBOL }

    /// @param text without quotes; a word as it was written
    record Token(Kind kind, String text) {
        boolean is(String word) {
            return kind == Kind.WORD && text.equalsIgnoreCase(word);
        }

        boolean isSymbol(char symbol) {
            return kind == Kind.SYMBOL && text.charAt(0) == symbol;
        }

        /// In lower case where case does not matter.
        String folded() {
            return kind == Kind.WORD ? text.toLowerCase(Locale.ROOT) : text;
        }
    }

    private final String sql;
    private int position;

    private ConsoleLexer(String sql) {
        this.sql = sql;
    }

    /// The statements between semicolons; those without tokens are left out.
    static List<List<Token>> statements(String sql) throws ConsoleSyntaxError {
        return new ConsoleLexer(sql).statements();
    }

    private List<List<Token>> statements() throws ConsoleSyntaxError {
        var statements = new ArrayList<List<Token>>();
        var tokens = new ArrayList<Token>();
        for (skipBlanks(); position < sql.length(); skipBlanks()) {
            Token token = next();
            if (!token.isSymbol(';')) {
                tokens.add(token);
            } else if (!tokens.isEmpty()) {
                statements.add(List.copyOf(tokens));
                tokens.clear();
            }
        }
        if (!tokens.isEmpty()) statements.add(List.copyOf(tokens));
        return statements;
    }

    private Token next() throws ConsoleSyntaxError {
        char first = sql.charAt(position);
        if (first == '"') return new Token(Kind.QUOTED_NAME, quoted('"'));
        if (first == '\'') return new Token(Kind.STRING, quoted('\''));
        if (!isWordPart(first)) return new Token(Kind.SYMBOL, sql.substring(position, ++position));
        int start = position;
        while (position < sql.length() && isWordPart(sql.charAt(position))) position++;
        return new Token(Kind.WORD, sql.substring(start, position));
    }

    /// Names of databases may hold a dash or a dot, and PgBouncer's users write them without quotes.
    private boolean isWordPart(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '.' || c == '-' && !sql.startsWith("--", position);
    }

    private String quoted(char quote) throws ConsoleSyntaxError {
        var text = new StringBuilder();
        for (position++; position < sql.length(); position++) {
            char c = sql.charAt(position);
            if (c != quote) {
                text.append(c);
            } else if (position + 1 < sql.length() && sql.charAt(position + 1) == quote) {
                text.append(c);
                position++;
            } else {
                position++;
                return text.toString();
            }
        }
        throw new ConsoleSyntaxError("a quote that does not end");
    }

    private void skipBlanks() throws ConsoleSyntaxError {
        while (position < sql.length()) {
            if (Character.isWhitespace(sql.charAt(position))) {
                position++;
            } else if (sql.startsWith("--", position)) {
                int end = sql.indexOf('\n', position);
                position = end < 0 ? sql.length() : end + 1;
            } else if (sql.startsWith("/*", position)) {
                int end = sql.indexOf("*/", position + 2);
                if (end < 0) throw new ConsoleSyntaxError("a comment that does not end");
                position = end + 2;
            } else {
                return;
            }
        }
    }
}
