package org.pgkeel.proxy.command;

import static org.pgkeel.proxy.command.PgBouncerConversion.section;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.pgkeel.failover.topology.NodeAddress;

/// The `[databases]` and `[users]` of a `pgbouncer.ini` as `clusters`, `databases` and `users`. PgBouncer has no clusters: each distinct list of
/// hosts becomes one.
final class PgBouncerDatabases {
    private static final int CONNECTIONS_MAX = 1_000_000;
    private static final int PORT_DEFAULT = 5432;

    private final PgBouncerSettings settings;
    private final PgBouncerConversion.Paths paths;
    private final List<String> warnings;
    private final Map<List<String>, String> clusterNames = new LinkedHashMap<>();

    PgBouncerDatabases(PgBouncerSettings settings, PgBouncerConversion.Paths paths, List<String> warnings) {
        this.settings = settings;
        this.paths = paths;
        this.warnings = warnings;
    }

    void convert(PgBouncerIni ini, Map<String, Object> tree) {
        Map<String, Object> standardPool = standardPool();
        OptionalInt maxBackends = settings.limit("max_db_connections", CONNECTIONS_MAX);
        OptionalInt maxClients = settings.limit("max_db_client_connections", CONNECTIONS_MAX);
        Map<String, Object> databases = new LinkedHashMap<>();
        ini.databases().forEach((name, pairs) -> {
            PgBouncerSettings database = new PgBouncerSettings("[databases] " + name + ": ", pairs, warnings);
            OptionalInt ownBackends = database.limit("max_db_connections", CONNECTIONS_MAX);
            OptionalInt ownClients = database.limit("max_db_client_connections", CONNECTIONS_MAX);
            databases.put(name, section(
                    "cluster", clusterOf(database),
                    "name", database.text("dbname"),
                    "user", database.text("user"),
                    "password", password(database),
                    "pool", pool(database, standardPool),
                    "max-clients", pairs.containsKey("max_db_client_connections") ? ownClients : maxClients,
                    "max-backends", pairs.containsKey("max_db_connections") ? ownBackends : maxBackends));
            database.warnOfTheRest(Map.of());
        });
        tree.put("clusters", clusters());
        tree.put("databases", databases);
        tree.put("users", users(ini));
    }

    private Map<String, Object> clusters() {
        Map<String, Object> tls = section(
                "mode", settings.text("server_tls_sslmode"),
                "ca", settings.text("server_tls_ca_file").map(paths::written),
                "cert", settings.text("server_tls_cert_file").map(paths::written),
                "key", settings.text("server_tls_key_file").map(paths::written));
        Map<String, Object> clusters = new LinkedHashMap<>();
        clusterNames.forEach((nodes, name) -> clusters.put(name, section("nodes", nodes, "tls", tls)));
        return clusters;
    }

    private String clusterOf(PgBouncerSettings database) {
        List<String> hosts = database.names("host");
        if (hosts.isEmpty()) hosts = List.of("/tmp");
        if (hosts.size() > 1) database.warn("host", "taking turns between hosts has no counterpart, they became the nodes of one cluster");
        int port = database.number("port", 1, 65_535).orElse(PORT_DEFAULT);
        List<String> nodes = hosts.stream().map(host -> new NodeAddress(host, port).toString()).distinct().toList();
        return clusterNames.computeIfAbsent(nodes, _ -> clusterNames.isEmpty() ? "main" : "cluster" + (clusterNames.size() + 1));
    }

    private static Optional<String> password(PgBouncerSettings database) {
        Optional<String> password = database.text("password");
        if (password.isPresent() && database.text("user").isEmpty()) {
            database.warn("password", "has no effect without user, left out");
            return Optional.empty();
        }
        return password;
    }

    private Map<String, Object> standardPool() {
        // PgBouncer waits 120 s unless told otherwise, and for ever with 0.
        Optional<String> maxWait = settings.text("query_wait_timeout").isEmpty() ? Optional.of("120s")
                : settings.limitSeconds("query_wait_timeout", Duration.ofMillis(1), Duration.ofDays(1));
        return section(
                "mode", settings.text("pool_mode").orElse("session"),
                "max", settings.number("default_pool_size", 1, CONNECTIONS_MAX),
                "min", settings.number("min_pool_size", 0, CONNECTIONS_MAX),
                "reserve", settings.number("reserve_pool_size", 0, CONNECTIONS_MAX),
                "reserve-wait", settings.limitSeconds("reserve_pool_timeout", Duration.ZERO, Duration.ofDays(365)),
                "max-wait", maxWait);
    }

    private static Map<String, Object> pool(PgBouncerSettings database, Map<String, Object> standard) {
        Map<String, Object> pool = new LinkedHashMap<>(standard);
        pool.putAll(section(
                "mode", database.text("pool_mode"),
                "max", database.number("pool_size", 1, CONNECTIONS_MAX),
                "min", database.number("min_pool_size", 0, CONNECTIONS_MAX),
                "reserve", database.number("reserve_pool_size", 0, CONNECTIONS_MAX)));
        database.number("reserve_pool", 0, CONNECTIONS_MAX).ifPresent(reserve -> pool.put("reserve", reserve));
        int max = pool.get("max") instanceof Integer given ? given : 20;
        if (pool.get("min") instanceof Integer min && min > max) {
            database.warn("min_pool_size", "is " + min + ", more than the pool may have; became " + max);
            pool.put("min", max);
        }
        return pool;
    }

    private Map<String, Object> users(PgBouncerIni ini) {
        OptionalInt maxBackends = settings.limit("max_user_connections", CONNECTIONS_MAX);
        OptionalInt maxClients = settings.limit("max_user_client_connections", CONNECTIONS_MAX);
        if (maxBackends.isPresent()) settings.warn("max_user_connections", "holds only for the users in [users], others have no limit of their own");
        if (maxClients.isPresent()) settings.warn("max_user_client_connections", "holds only for the users in [users], others have no limit of their own");
        Map<String, Object> users = new LinkedHashMap<>();
        ini.users().forEach((name, pairs) -> {
            PgBouncerSettings user = new PgBouncerSettings("[users] " + name + ": ", pairs, warnings);
            OptionalInt ownBackends = user.limit("max_user_connections", CONNECTIONS_MAX);
            OptionalInt ownClients = user.limit("max_user_client_connections", CONNECTIONS_MAX);
            users.put(name, section(
                    "pool-mode", user.text("pool_mode"),
                    "pool-max", user.number("pool_size", 1, CONNECTIONS_MAX),
                    "max-clients", pairs.containsKey("max_user_client_connections") ? ownClients : maxClients,
                    "max-backends", pairs.containsKey("max_user_connections") ? ownBackends : maxBackends));
            user.warnOfTheRest(Map.of());
        });
        return users;
    }
}
