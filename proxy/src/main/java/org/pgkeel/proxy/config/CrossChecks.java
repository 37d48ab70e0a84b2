package org.pgkeel.proxy.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What only the whole configuration shows: sections that contradict each other.
final class CrossChecks {
    private static final Set<String> ANY_ADDRESS = Set.of("0.0.0.0", "::", "*");

    private CrossChecks() {}

    static void run(ProxyConfig config, Reading reading) {
        ports(config, reading);
        routing(config, reading);
        methods(config, reading);
        authQuery(config, reading);
        limits(config, reading);
        transport(config, reading);
    }

    /// Who is a replica, and how far it is behind, is known of watched clusters only.
    private static void routing(ProxyConfig config, Reading reading) {
        boolean replicas = config.routing().rules().stream().anyMatch(rule -> rule.to() != RouteRule.To.PRIMARY);
        if (!replicas) return;
        for (ClusterConfig cluster : config.clusters().values()) {
            if (cluster.monitor().isPresent()) continue;
            String key = "clusters." + Section.quoted(cluster.name()) + ".monitor";
            reading.warning(key, reading.originOf("routing"), "missing, so no replica of this cluster is known and no rule sends anything there");
        }
    }

    private static void ports(ProxyConfig config, Reading reading) {
        ListenConfig listen = config.listen();
        AdminConfig admin = config.admin();
        boolean meet = listen.address().equals(admin.address()) || ANY_ADDRESS.contains(listen.address()) || ANY_ADDRESS.contains(admin.address());
        if (listen.port() > 0 && listen.port() == admin.port() && meet) {
            reading.problem("admin.port", reading.originOf("admin.port"), "is " + admin.port() + " as listen.port, two doors need two ports");
        }
    }

    /// Netty cannot hand a connection of one io_uring loop to another while it reads.
    private static void transport(ProxyConfig config, Reading reading) {
        RuntimeConfig runtime = config.runtime();
        if (runtime.transport() == RuntimeConfig.Transport.IO_URING && runtime.eventLoops() > 1) {
            reading.problem("runtime.event-loops", reading.originOf("runtime.event-loops"), "is " + runtime.eventLoops() + ", but the transport io_uring has one event loop");
        }
    }

    private static void methods(ProxyConfig config, Reading reading) {
        AuthConfig auth = config.auth();
        Set<AuthMethod> methods = Stream.concat(Stream.of(auth.method()), auth.rules().stream().map(AuthRule::method)).collect(Collectors.toSet());
        boolean password = methods.stream().anyMatch(CrossChecks::asksForPassword);
        boolean usersKnown = auth.usersFile().isPresent() || auth.query().isPresent()
                || !reading.isSound("auth.users-file") || !reading.isSound("auth.auth-query.user");
        if (password && !usersKnown && reading.isSound("auth.method")) {
            reading.problem("auth.users-file", reading.originOf("auth.method"), "missing: the methods in use ask for a password, so users-file or auth-query has to know the users");
        }
        ServerTlsConfig tls = config.listen().tls();
        boolean sound = reading.isSound("listen.tls.mode") && reading.isSound("listen.tls.ca") && reading.isSound("listen.tls.cert");
        if (methods.contains(AuthMethod.CERT) && sound && tls.ca().isEmpty()) {
            reading.problem("listen.tls.ca", reading.originOf("auth.method"), "missing, the method cert needs it to check client certificates");
        }
        if (methods.contains(AuthMethod.PASSWORD) && sound && tls.mode() == TlsMode.DISABLE) {
            reading.warning("auth.method", reading.originOf("auth.method"), "password without TLS sends passwords in clear");
        }
        boolean sslRule = auth.rules().stream().anyMatch(rule -> rule.connection() == AuthRule.Connection.HOSTSSL);
        if (sslRule && sound && tls.mode() == TlsMode.DISABLE) {
            reading.warning("auth.rules", reading.originOf("auth.rules"), "rules of type hostssl never fit, listen.tls.mode is disable");
        }
    }

    private static boolean asksForPassword(AuthMethod method) {
        return switch (method) {
            case SCRAM_SHA_256, MD5, PASSWORD -> true;
            case CERT, TRUST, REJECT -> false;
        };
    }

    /// The user that looks others up logs in by itself: nobody types its password.
    private static void authQuery(ProxyConfig config, Reading reading) {
        if (config.auth().query().isEmpty() || !reading.isSound("auth.users-file")) return;
        String user = config.auth().query().get().user();
        String key = "auth.auth-query.user";
        if (config.auth().usersFile().isEmpty()) {
            reading.problem(key, reading.originOf(key), "the secret of '" + user + "' has to stand in auth.users-file, and there is none");
            return;
        }
        Path file = config.auth().usersFile().get();
        String quoted = "\"" + user.replace("\"", "\"\"") + "\"";
        try (Stream<String> lines = Files.lines(file)) {
            if (lines.map(String::strip).noneMatch(line -> line.startsWith(quoted))) {
                reading.problem(key, reading.originOf(key), "'" + user + "' has no secret in " + file);
            }
        } catch (IOException | java.io.UncheckedIOException _) {
            reading.problem("auth.users-file", reading.originOf("auth.users-file"), "not readable as UTF-8 text: " + file);
        }
    }

    private static void limits(ProxyConfig config, Reading reading) {
        int clients = config.limits().clients();
        for (DatabaseConfig database : config.databases()) {
            String key = "databases." + Section.quoted(database.name()) + ".max-clients";
            if (database.maxClients().orElse(0) > clients) {
                reading.warning(key, reading.originOf(key), "more than limits.clients (" + clients + "), which is reached first");
            }
        }
        if (config.limits().inspectedStatementBytes() < config.prepared().statementBytes()) {
            reading.warning("prepared.statement-bytes", reading.originOf("prepared.statement-bytes"),
                    "more than limits.inspected-statement-bytes: longer statements are not looked into and never shared");
        }
        if (config.limits().messageBytes() < config.limits().inspectedStatementBytes()) {
            reading.warning("limits.inspected-statement-bytes", reading.originOf("limits.inspected-statement-bytes"), "more than limits.message-bytes");
        }
    }
}
