package org.pgkeel.proxy.config;

import static org.pgkeel.proxy.config.Bounds.CONNECTIONS_MAX;
import static org.pgkeel.proxy.config.Bounds.MILLISECOND;
import static org.pgkeel.proxy.config.Bounds.NONE;
import static org.pgkeel.proxy.config.Bounds.YEAR;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// Reads `databases` and `users`: who shares which backends.
final class DatabaseSections {
    /// The console's databases; a database of PostgreSQL behind such a name could not be reached.
    private static final List<String> CONSOLE_NAMES = List.of("pgkeel", "pgbouncer");

    private DatabaseSections() {}

    static List<DatabaseConfig> databases(Section section, Map<String, ClusterConfig> clusters) {
        List<DatabaseConfig> databases = new ArrayList<>();
        for (Section.Named named : section.named()) {
            if (CONSOLE_NAMES.contains(named.name())) section.problem(named.name(), "this name is the console's, clients would never get there");
            databases.add(database(named.name(), named.section(), clusters));
        }
        if (databases.isEmpty()) section.reading().problem(section.key(), section.origin(), "missing, expected 1 or more databases, \"*\" for any name");
        databases.sort(Comparator.comparing(DatabaseConfig::isWildcard));
        return List.copyOf(databases);
    }

    private static DatabaseConfig database(String name, Section section, Map<String, ClusterConfig> clusters) {
        String cluster = cluster(section, clusters);
        Optional<String> backendName = section.optionalText("name");
        Optional<String> backendUser = section.optionalText("user");
        Optional<Secret> password = password(section, backendUser);
        PoolConfig pool = pool(section.section("pool"));
        OptionalInt maxClients = section.optionalInteger("max-clients", 1, CONNECTIONS_MAX);
        OptionalInt maxBackends = section.optionalInteger("max-backends", 1, CONNECTIONS_MAX);
        if (maxBackends.isPresent() && maxBackends.getAsInt() < pool.max()) {
            section.warning("max-backends", "less than pool.max (" + pool.max() + "): no pool of this database can fill");
        }
        return new DatabaseConfig(name, cluster, backendName, backendUser, password, pool, maxClients, maxBackends);
    }

    /// With one cluster there is no question which; with several the file has to say.
    private static String cluster(Section section, Map<String, ClusterConfig> clusters) {
        Optional<String> named = section.optionalText("cluster");
        if (named.isPresent()) {
            if (!clusters.containsKey(named.get())) {
                section.problem("cluster", "there is no cluster '" + named.get() + "'" + (clusters.isEmpty() ? "" : ", known are " + String.join(", ", clusters.keySet())));
            }
            return named.get();
        }
        if (clusters.size() == 1) {
            String only = clusters.keySet().iterator().next();
            if (!section.has("cluster")) section.showDefault("cluster", only);
            return only;
        }
        if (!clusters.isEmpty() && section.sound("cluster")) section.problem("cluster", "missing, one of " + String.join(", ", clusters.keySet()));
        return "";
    }

    private static Optional<Secret> password(Section section, Optional<String> backendUser) {
        Optional<Secret> inFile = Paths.secretFile(section, "password-file");
        Optional<Secret> direct = section.secret("password");
        boolean both = section.has("password") && section.has("password-file");
        if (both) section.problem("password", "password-file is there too, only one of them can count");
        if (!both && backendUser.isEmpty() && section.sound("user") && (direct.isPresent() || inFile.isPresent())) {
            section.problem(direct.isPresent() ? "password" : "password-file", "has no effect without user: it is the password of that user");
        }
        return direct.or(() -> inFile);
    }

    private static PoolConfig pool(Section section) {
        PoolConfig pool = new PoolConfig(
                section.word("mode", PoolMode.TRANSACTION),
                section.integer("max", 20, 1, CONNECTIONS_MAX),
                section.integer("min", 0, 0, CONNECTIONS_MAX),
                section.integer("reserve", 0, 0, CONNECTIONS_MAX),
                section.duration("reserve-wait", "5s", NONE, YEAR),
                section.duration("max-wait", "30s", MILLISECOND, Duration.ofDays(1)));
        if (section.sound("min", "max") && pool.min() > pool.max()) section.problem("min", "is " + pool.min() + ", more than max (" + pool.max() + ")");
        if (section.sound("reserve-wait", "max-wait") && pool.reserve() > 0 && pool.reserveWait().compareTo(pool.maxWait()) >= 0) {
            section.warning("reserve-wait", "not shorter than max-wait: the reserve is never opened");
        }
        return pool;
    }

    static Map<String, UserConfig> users(Section section) {
        Map<String, UserConfig> users = new LinkedHashMap<>();
        for (Section.Named named : section.named()) {
            Section user = named.section();
            users.put(named.name(), new UserConfig(named.name(),
                    user.optionalWord("pool-mode", PoolMode.class),
                    user.optionalInteger("pool-max", 1, CONNECTIONS_MAX),
                    user.optionalInteger("max-clients", 1, CONNECTIONS_MAX),
                    user.optionalInteger("max-backends", 1, CONNECTIONS_MAX)));
        }
        return users;
    }
}
