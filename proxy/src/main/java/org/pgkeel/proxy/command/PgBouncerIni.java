package org.pgkeel.proxy.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The settings of a `pgbouncer.ini`, as written: no defaults, nothing interpreted.
/// <https://www.pgbouncer.org/config.html>
///
/// @param settings  `[pgbouncer]`
/// @param databases `[databases]`: each name with its connection string, split
/// @param users     `[users]`, likewise
/// @param oddities  lines that could not be read
record PgBouncerIni(Map<String, String> settings, Map<String, Map<String, String>> databases, Map<String, Map<String, String>> users, List<String> oddities) {
    private static final int INCLUDE_DEPTH_MAX = 10;
    private static final Pattern ASSIGNMENT = Pattern.compile("(\"(?:[^\"]|\"\")*+\"|[^=\\s]+)\\s*=\\s*(.*)");
    /// `key=value`, `key='it''s'`.
    private static final Pattern PAIR = Pattern.compile("([A-Za-z_]+)\\s*=\\s*('(?:[^']|'')*+'|\\S*)");

    static PgBouncerIni read(Path file) throws IOException {
        PgBouncerIni ini = new PgBouncerIni(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>(), new ArrayList<>());
        ini.read(file, "", 0);
        return ini;
    }

    /// @param section the one that is open where the file is included
    /// @return the one that is open at its end
    private String read(Path file, String section, int depth) throws IOException {
        String open = section;
        int number = 0;
        for (String raw : Files.readAllLines(file)) {
            number++;
            String line = raw.strip();
            String where = file.getFileName() + ":" + number + ": ";
            if (line.isEmpty() || line.startsWith(";") || line.startsWith("#")) continue;
            if (line.startsWith("[") && line.endsWith("]")) {
                open = line.substring(1, line.length() - 1).strip();
            } else if (line.startsWith("%include")) {
                Path included = file.resolveSibling(line.substring("%include".length()).strip());
                if (depth == INCLUDE_DEPTH_MAX || !Files.isReadable(included)) oddities.add(where + "%include " + included + " cannot be read");
                else open = read(included, open, depth + 1);
            } else {
                assign(line, open, where);
            }
        }
        return open;
    }

    private void assign(String line, String section, String where) {
        Matcher assignment = ASSIGNMENT.matcher(line);
        if (!assignment.matches()) {
            oddities.add(where + "not a setting");
            return;
        }
        String name = assignment.group(1);
        String value = assignment.group(2).strip();
        switch (section) {
            case "pgbouncer" -> settings.put(name, value);
            case "databases" -> databases.put(unquoted(name, '"'), pairs(value));
            case "users" -> users.put(unquoted(name, '"'), pairs(value));
            case "peers" -> oddities.add(where + "[peers] has no counterpart: instances share nothing");
            default -> oddities.add(where + "unknown section [" + section + "]");
        }
    }

    private static Map<String, String> pairs(String text) {
        Map<String, String> pairs = new LinkedHashMap<>();
        Matcher pair = PAIR.matcher(text);
        while (pair.find()) {
            pairs.put(pair.group(1), unquoted(pair.group(2), '\''));
        }
        return pairs;
    }

    private static String unquoted(String text, char quote) {
        if (text.length() < 2 || text.charAt(0) != quote || text.charAt(text.length() - 1) != quote) return text;
        return text.substring(1, text.length() - 1).replace("" + quote + quote, "" + quote);
    }
}
