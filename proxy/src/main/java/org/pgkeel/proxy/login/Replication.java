package org.pgkeel.proxy.login;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What the startup parameter `replication` asks for.
/// <https://www.postgresql.org/docs/current/protocol-replication.html>
public enum Replication {
    NONE,
    /// In a database: a session as others are, which may stream changes too.
    LOGICAL,
    /// In no database.
    PHYSICAL;

    static final String PARAMETER = "replication";

    /// Read as the server reads it, or it would give more than was let in here: any beginning of a word for true or false that is not ambiguous.
    /// @return empty if the server would refuse it
    public static Optional<Replication> of(Map<String, String> startupParameters) {
        String asked = startupParameters.get(PARAMETER);
        if (asked == null) return Optional.of(NONE);
        if (asked.equals("database")) return Optional.of(LOGICAL);
        String word = asked.toLowerCase(Locale.ROOT);
        if (word.isEmpty()) return Optional.empty();
        if (word.equals("on") || word.equals("1") || "true".startsWith(word) || "yes".startsWith(word)) return Optional.of(PHYSICAL);
        boolean off = word.equals("0") || word.length() > 1 && "off".startsWith(word) || "false".startsWith(word) || "no".startsWith(word);
        return off ? Optional.of(NONE) : Optional.empty();
    }
}
