package org.pgkeel.proxy.config;

import java.util.Optional;

/// Names of tables as a rule gives them: `public.events`, `events` (in any schema), `ingest_*.event_*`. Outside of quotes letters
/// are folded as SQL folds them, and `*` stands for any characters.
///
/// Threading: immutable.
public final class TablePattern {
    /// Stands for any characters; no identifier has it.
    private static final char ANY = '\0';

    private final String written;
    private final Optional<String> schema;
    private final String name;

    private TablePattern(String written, Optional<String> schema, String name) {
        this.written = written;
        this.schema = schema;
        this.name = name;
    }

    /// @throws BadValue if it is not a name
    static TablePattern parse(String written) {
        StringBuilder name = new StringBuilder();
        Optional<String> schema = Optional.empty();
        boolean quoted = false;
        for (int i = 0; i < written.length(); i++) {
            char c = written.charAt(i);
            boolean doubled = quoted && c == '"' && i + 1 < written.length() && written.charAt(i + 1) == '"';
            if (doubled) {
                name.append(c);
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && c == '.') {
                if (schema.isPresent() || name.isEmpty()) throw bad(written);
                schema = Optional.of(name.toString());
                name.setLength(0);
            } else if (!quoted && (Character.isWhitespace(c) || c == ',' || c == ';')) {
                throw bad(written);
            } else {
                name.append(quoted ? String.valueOf(c) : c == '*' ? String.valueOf(ANY) : String.valueOf(folded(c)));
            }
        }
        if (quoted || name.isEmpty()) throw bad(written);
        return new TablePattern(written, schema, name.toString());
    }

    /// Outside of quotes the server folds letters of ASCII, and no others.
    static char folded(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
    }

    private static BadValue bad(String written) {
        return new BadValue("expected a table as SQL writes it, events or public.events, with * for any characters, got '" + written + "'");
    }

    /// Whether the table with this schema and name is meant.
    public boolean fits(String schema, String name) {
        return (this.schema.isEmpty() || like(this.schema.get(), schema)) && like(this.name, name);
    }

    /// Whether a table that a statement writes without a schema may be meant.
    public boolean mayFit(String name) {
        return like(this.name, name);
    }

    private static boolean like(String pattern, String text) {
        int inPattern = 0;
        int inText = 0;
        int star = -1;
        int afterStar = 0;
        while (inText < text.length()) {
            if (inPattern < pattern.length() && pattern.charAt(inPattern) == ANY) {
                star = inPattern++;
                afterStar = inText;
            } else if (inPattern < pattern.length() && pattern.charAt(inPattern) == text.charAt(inText)) {
                inPattern++;
                inText++;
            } else if (star >= 0) {
                inPattern = star + 1;
                inText = ++afterStar;
            } else {
                return false;
            }
        }
        while (inPattern < pattern.length() && pattern.charAt(inPattern) == ANY) inPattern++;
        return inPattern == pattern.length();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TablePattern that && schema.equals(that.schema) && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return schema.hashCode() * 31 + name.hashCode();
    }

    /// As the file writes it.
    @Override
    public String toString() {
        return written;
    }
}
