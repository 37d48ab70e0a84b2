package org.pgkeel.proxy.catalogue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Reads what clients sent from a server's log in JSON.
final class LoggedStatements {
    private static final ConfigParseOptions JSON = ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON);
    private static final String STATEMENT = "statement: ";

    private final Map<String, List<String>> sessions = new LinkedHashMap<>();

    List<List<String>> read(Stream<String> lines, String database) {
        lines.filter(line -> line.contains("\"message\":\"" + STATEMENT)).map(line -> ConfigFactory.parseString(line, JSON))
                .filter(entry -> entry.getString("dbname").equals(database)).forEach(this::add);
        return new ArrayList<>(sessions.values());
    }

    private void add(Config entry) {
        sessions.computeIfAbsent(entry.getString("session_id"), _ -> new ArrayList<>()).add(entry.getString("message").substring(STATEMENT.length()));
    }
}
