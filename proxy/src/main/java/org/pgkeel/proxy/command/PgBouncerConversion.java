package org.pgkeel.proxy.command;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// A `pgbouncer.ini` as a `proxy.conf`. Where PgBouncer's default differs in meaning (session pooling, 120 s of waiting, 100 clients, a socket in /tmp)
/// it is written out, so that the result does what the ini did.
///
/// @param text     the HOCON
/// @param warnings one for each setting that was left out or changed, by its name
record PgBouncerConversion(String text, List<String> warnings) {
    private static final Map<String, String> REASONS = Map.of(
            "ignore_startup_parameters", "not needed, startup parameters are carried to the backend",
            "server_reset_query", "not needed, what a client has set is tracked and undone",
            "server_reset_query_always", "not needed, what a client has set is tracked and undone",
            "logfile", "logs go to stderr",
            "pidfile", "there is no pid file, the proxy stays in the foreground",
            "user", "the proxy does not change its user, start it as the one it shall have");
    private static final Set<String> AUTH_METHODS = Set.of("scram-sha-256", "md5", "cert", "trust");
    private static final String LETS_ALL_IN = "lets in whoever reaches the port, as any user and without a password, to the console too; PgBouncer at least asks that auth_file knows the user, "
            + "here nobody does: choose another auth.method, or let in with auth.rules alone";
    private static final int CONNECTIONS_MAX = 1_000_000;
    private static final Duration YEAR = Duration.ofDays(365);
    private static final Duration DAY = Duration.ofDays(1);

    /// @param iniFolder    what relative paths in the ini are meant from
    /// @param resultFolder where the result will stand: a path below it stays relative
    static PgBouncerConversion of(PgBouncerIni ini, Path iniFolder, Path resultFolder) {
        List<String> warnings = new ArrayList<>(ini.oddities());
        PgBouncerSettings settings = new PgBouncerSettings("", ini.settings(), warnings);
        Paths paths = new Paths(iniFolder.toAbsolutePath().normalize(), resultFolder.toAbsolutePath().normalize());
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("listen", listen(settings, paths));
        tree.put("admin", section("users", settings.names("admin_users"), "stats-users", settings.names("stats_users")));
        new PgBouncerDatabases(settings, paths, warnings).convert(ini, tree);
        tree.put("auth", auth(settings, paths));
        tree.put("limits", section("clients", settings.number("max_client_conn", 1, CONNECTIONS_MAX).orElse(100)));
        tree.put("timeouts", timeouts(settings));
        prepared(settings, tree);
        settings.seconds("shutdown_wait_timeout", Duration.ZERO, DAY).ifPresent(time -> tree.put("shutdown", section("max-wait", time)));
        boolean letsAllIn = "trust".equals(((Map<?, ?>) tree.get("auth")).get("method"));
        if (letsAllIn) settings.warn("auth_type", "trust " + LETS_ALL_IN);
        Optional<String> hbaFile = settings.text("auth_hba_file");
        hbaFile.ifPresent(file -> settings.warn("auth_hba_file", "its lines are not converted, write those of " + file + " as auth.rules"));
        settings.warnOfTheRest(REASONS);
        tree.values().removeIf(value -> value instanceof Map<?, ?> map && map.isEmpty());
        String head = "# Converted from PgBouncer's configuration; every key is described in conf/README.md.\n"
                + (letsAllIn ? "# WARNING: auth.method = trust " + LETS_ALL_IN + ".\n" : "")
                + hbaFile.map(file -> "# Not converted: auth_hba_file = " + file + ". Write its lines as auth.rules.\n").orElse("");
        return new PgBouncerConversion(head + HoconText.write(tree), List.copyOf(warnings));
    }

    /// Sections without the keys that have no value.
    static Map<String, Object> section(Object... keysAndValues) {
        Map<String, Object> section = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            String key = (String) keysAndValues[i];
            switch (keysAndValues[i + 1]) {
                case Optional<?> value -> value.ifPresent(present -> section.put(key, present));
                case OptionalInt value -> value.ifPresent(present -> section.put(key, present));
                case List<?> list when list.isEmpty() -> {}
                case Map<?, ?> map when map.isEmpty() -> {}
                case Object value -> section.put(key, value);
            }
        }
        return section;
    }

    /// Where files are.
    record Paths(Path from, Path to) {
        String written(String path) {
            Path absolute = from.resolve(path).normalize();
            return absolute.startsWith(to) ? to.relativize(absolute).toString() : absolute.toString();
        }
    }

    private static Map<String, Object> listen(PgBouncerSettings settings, Paths paths) {
        List<String> addresses = settings.names("listen_addr");
        if (addresses.isEmpty()) settings.warn("listen_addr", "not set, which PgBouncer reads as no TCP at all; the result listens at 127.0.0.1");
        if (addresses.size() > 1) settings.warn("listen_addr", "only the first of several addresses is taken");
        String address = addresses.isEmpty() ? "127.0.0.1" : addresses.getFirst().equals("*") ? "0.0.0.0" : addresses.getFirst();
        Optional<String> socketFolder = settings.textOr("unix_socket_dir", "/tmp");
        if (socketFolder.filter(folder -> folder.startsWith("@")).isPresent()) settings.warn("unix_socket_dir", "abstract sockets have no counterpart, left out");
        return section(
                "address", address,
                "port", settings.number("listen_port", 1, 65_535).orElse(6432),
                "unix-socket-directory", socketFolder.filter(folder -> !folder.startsWith("@")).map(paths::written),
                "backlog", settings.number("listen_backlog", 1, 65_535),
                "tls", clientTls(settings, paths));
    }

    private static Map<String, Object> clientTls(PgBouncerSettings settings, Paths paths) {
        Optional<String> mode = settings.text("client_tls_sslmode");
        Optional<String> cert = settings.text("client_tls_cert_file").map(paths::written);
        return section("mode", mode.or(() -> cert.map(_ -> "disable")), "cert", cert,
                "key", settings.text("client_tls_key_file").map(paths::written),
                "ca", settings.text("client_tls_ca_file").map(paths::written));
    }

    private static Map<String, Object> auth(PgBouncerSettings settings, Paths paths) {
        String type = settings.text("auth_type").orElse("md5");
        Optional<String> user = settings.text("auth_user");
        Optional<String> query = settings.text("auth_query");
        Optional<String> database = settings.text("auth_dbname");
        return section(
                "method", method(type, settings),
                "users-file", settings.text("auth_file").map(paths::written),
                "auth-query", user.map(name -> section("user", name, "database", database, "query", query)));
    }

    private static String method(String type, PgBouncerSettings settings) {
        if (AUTH_METHODS.contains(type)) return type;
        return switch (type) {
            case "plain" -> "password";
            case "any" -> {
                settings.warn("auth_type", "any has no counterpart, became trust; the clients' user names count");
                yield "trust";
            }
            case "hba" -> {
                settings.warn("auth_type", "hba became scram-sha-256 for everybody, with auth.rules to be written");
                yield "scram-sha-256";
            }
            default -> {
                settings.warn("auth_type", type + " has no counterpart, became scram-sha-256");
                yield "scram-sha-256";
            }
        };
    }

    private static Map<String, Object> timeouts(PgBouncerSettings settings) {
        Duration tenMinutes = Duration.ofMinutes(10);
        return section(
                "login", settings.limitSeconds("client_login_timeout", Duration.ofMillis(100), tenMinutes),
                "idle-in-transaction", settings.seconds("idle_transaction_timeout", Duration.ZERO, YEAR),
                "transaction", settings.seconds("transaction_timeout", Duration.ZERO, YEAR),
                "query", settings.seconds("query_timeout", Duration.ZERO, YEAR),
                "client-idle", settings.seconds("client_idle_timeout", Duration.ZERO, YEAR),
                "server-connect", settings.limitSeconds("server_connect_timeout", Duration.ofMillis(10), tenMinutes),
                "server-login-retry", settings.seconds("server_login_retry", Duration.ofMillis(1), Duration.ofHours(1)),
                "server-lifetime", settings.ageSeconds("server_lifetime", Duration.ofSeconds(1), YEAR),
                "server-idle", settings.seconds("server_idle_timeout", Duration.ZERO, YEAR),
                "server-check-after", settings.ageSeconds("server_check_delay", Duration.ofMillis(1), YEAR));
    }

    private static void prepared(PgBouncerSettings settings, Map<String, Object> tree) {
        OptionalInt perBackend = settings.limit("max_prepared_statements", 100_000);
        perBackend.ifPresent(number -> tree.put("prepared", section("per-backend", number)));
        if (perBackend.isEmpty() && settings.text("max_prepared_statements").isPresent()) {
            settings.warn("max_prepared_statements", "prepared statements cannot be switched off, the default limit holds");
        }
    }
}
