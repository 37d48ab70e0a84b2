package org.pgkeel.proxy.login;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The users file: lines of `"user" "secret"` as in PgBouncer's `auth_file`, a quote within doubled; empty lines and lines
/// that begin with `;` or `#` do not count. Immutable.
record UsersFile(Map<String, StoredSecret> secrets) {
    /// Possessive, for what is not given back needs no stack: a token of a cloud in the place of a password is thousands of characters.
    private static final Pattern LINE = Pattern.compile("\\s*\"((?:[^\"]|\"\")++)\"\\s+\"((?:[^\"]|\"\")*+)\"(?:\\s.*)?");

    UsersFile {
        secrets = Map.copyOf(secrets);
    }

    static UsersFile empty() {
        return new UsersFile(Map.of());
    }

    /// @throws BrokenUsersFile with the number of the line, and nothing of its content
    static UsersFile load(Path file) {
        try {
            return parse(file.toString(), Files.readAllLines(file, StandardCharsets.UTF_8));
        } catch (IOException unreadable) {
            throw new BrokenUsersFile("auth.users-file: cannot read " + file + " (" + unreadable.getClass().getSimpleName() + ")");
        }
    }

    static UsersFile parse(String name, List<String> lines) {
        var secrets = new LinkedHashMap<String, StoredSecret>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith(";") || line.startsWith("#")) continue;
            String where = "auth.users-file: " + name + " line " + (i + 1) + ": ";
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) throw new BrokenUsersFile(where + "not of the form \"user\" \"secret\"");
            String user = unquoted(matcher.group(1));
            String text = unquoted(matcher.group(2));
            // An empty secret never fits, as in PostgreSQL: such a user exists and cannot log in by password.
            if (text.isEmpty()) continue;
            StoredSecret secret = StoredSecret.of(text);
            if (secret instanceof StoredSecret.Plain && text.startsWith("SCRAM-SHA-256$")) {
                throw new BrokenUsersFile(where + "a malformed SCRAM secret");
            }
            if (secrets.putIfAbsent(user, secret) != null) throw new BrokenUsersFile(where + "this user had a line already");
        }
        return new UsersFile(secrets);
    }

    private static String unquoted(String text) {
        return text.replace("\"\"", "\"");
    }

    @Override
    public String toString() {
        return "UsersFile[" + secrets.size() + " users]";
    }
}
