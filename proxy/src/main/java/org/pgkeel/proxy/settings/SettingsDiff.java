package org.pgkeel.proxy.settings;

import java.util.List;
import java.util.Optional;
import org.pgkeel.proxy.statement.IdentifierList;

/// The SQL that brings a backend connection from one client's settings to another's.
///
/// Who the session is comes last, and is undone first: a setting that only a superuser may change is changed as the user
/// that the backend connection logged in as.
public final class SettingsDiff {
    private SettingsDiff() {}

    /// A simple Query's text: `BEGIN; RESET ...; SET ...; COMMIT`. After an error the backend is left in a failed transaction,
    /// so that nothing pipelined behind it can run with the wrong settings. It works in hot standby and whatever the
    /// defaults of transactions are. Empty when there is nothing to do.
    ///
    /// The replies are those of the statements: CommandComplete for each, a row for each `SELECT set_config`, ParameterStatus,
    /// one ReadyForQuery.
    public static String sql(Settings applied, Settings desired) {
        String statements = statements(applied, desired);
        if (statements.isEmpty()) {
            return "";
        }
        // SELECT takes a snapshot: under a default of SERIALIZABLE, READ ONLY, DEFERRABLE it would wait for a safe one, and
        // in hot standby it would fail. SET takes none.
        boolean select = statements.contains("SELECT ");
        return (select ? "BEGIN ISOLATION LEVEL READ COMMITTED; " : "BEGIN; ") + statements + "; COMMIT";
    }

    /// The same without BEGIN and COMMIT, for use inside of an open transaction, with which it is undone.
    public static String statements(Settings applied, Settings desired) {
        if (applied == desired || applied.equals(desired)) {
            return "";
        }
        StringBuilder sql = new StringBuilder();
        boolean authorized = applied.has(SettingNames.SESSION_AUTHORIZATION);
        if (authorized || applied.has(SettingNames.ROLE)) {
            append(sql, "RESET role");
        }
        if (authorized) {
            append(sql, "RESET session_authorization");
        }
        applied.forEach((name, _) -> {
            if (!isIdentity(name) && !desired.has(name)) {
                append(sql, "RESET " + identifier(name));
            }
        });
        desired.forEach((name, value) -> {
            if (!isIdentity(name) && !applied.get(name).equals(Optional.of(value))) {
                // 'ISO' alone, as pgjdbc says, takes the order of day and month from what is there.
                if (name.equals(SettingNames.DATE_STYLE) && applied.has(name)) append(sql, "RESET " + name);
                append(sql, set(name, value));
            }
        });
        desired.get(SettingNames.SESSION_AUTHORIZATION)
                .ifPresent(user -> append(sql, set(SettingNames.SESSION_AUTHORIZATION, user)));
        desired.get(SettingNames.ROLE).ifPresent(role -> append(sql, set(SettingNames.ROLE, role)));
        return sql.toString();
    }

    private static boolean isIdentity(String name) {
        return name.equals(SettingNames.ROLE) || name.equals(SettingNames.SESSION_AUTHORIZATION);
    }

    private static void append(StringBuilder sql, String statement) {
        sql.append(sql.isEmpty() ? "" : "; ").append(statement);
    }

    /// SET is several times cheaper than a SELECT. SET quotes the items of a list by itself, so it serves only if that gives
    /// this very value.
    private static String set(String name, String value) {
        if (!IdentifierList.isValueOf(name)) {
            return "SET " + identifier(name) + " TO " + literal(value);
        }
        List<String> items = IdentifierList.split(value).orElse(List.of());
        if (!items.isEmpty() && IdentifierList.join(items).equals(value)) {
            return "SET " + name + " TO " + String.join(", ", items.stream().map(SettingsDiff::literal).toList());
        }
        return "SELECT pg_catalog.set_config(" + literal(name) + ", " + literal(value) + ", false)";
    }

    /// Right under both values of standard_conforming_strings, and under every client_encoding: the backend may still have another client's.
    private static String literal(String value) {
        String quoted = "'" + value.replace("'", "''") + "'";
        if (isPlain(value)) return quoted;
        var escaped = new StringBuilder("E");
        quoted.codePoints().forEach(c -> {
            if (c == '\\') escaped.append("\\\\");
            else if (c < 0x80) escaped.append((char) c);
            else escaped.append((c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
        });
        return escaped.toString();
    }

    private static boolean isPlain(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c >= 0x80 || c == '\\') return false;
        }
        return true;
    }

    /// The parts of a name with dots are quoted each: they may be key words, as in `app.user`.
    private static String identifier(String name) {
        boolean plain = name.chars().allMatch(c -> c >= 'a' && c <= 'z' || c == '_');
        if (plain) {
            return name;
        }
        String quoted = '"' + name.replace("\"", "\"\"") + '"';
        return quoted.replace(".", "\".\"");
    }
}
