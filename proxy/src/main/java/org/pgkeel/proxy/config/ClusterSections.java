package org.pgkeel.proxy.config;

import static org.pgkeel.proxy.config.Bounds.CONNECTIONS_MAX;
import static org.pgkeel.proxy.config.Bounds.HOUR;
import static org.pgkeel.proxy.config.Bounds.KIB;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.failover.topology.NodeAddress;

/// Reads `clusters`: where PostgreSQL is, who says which server is primary, and what happens while none is.
final class ClusterSections {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration POLL_MIN = Duration.ofMillis(100);
    private static final Duration TIMEOUT_MIN = Duration.ofMillis(50);
    private static final Duration TIMEOUT_MAX = Duration.ofSeconds(30);
    private static final Duration WAIT_MIN = Duration.ofSeconds(1);
    private static final long HOLD_BYTES_MAX = 1024L * 1024 * 1024 * 1024;

    private ClusterSections() {}

    static Map<String, ClusterConfig> clusters(Section section) {
        Map<String, ClusterConfig> clusters = new LinkedHashMap<>();
        for (Section.Named named : section.named()) clusters.put(named.name(), cluster(named.name(), named.section()));
        if (clusters.isEmpty()) section.reading().problem(section.key(), section.origin(), "missing, expected 1 or more clusters");
        return clusters;
    }

    private static ClusterConfig cluster(String name, Section cluster) {
        List<NodeAddress> nodes = cluster.list("nodes", List.of(), NodeAddresses::parse);
        Optional<PatroniConfig> patroni = patroni(cluster.section("patroni"));
        Optional<MonitorConfig> monitor = monitor(cluster.section("monitor"));
        boolean both = cluster.has("nodes") && cluster.has("patroni");
        if (both) cluster.problem("nodes", "patroni is there too, and it knows the nodes: only one of them can count");
        if (nodes.isEmpty() && !cluster.has("patroni") && cluster.sound("nodes")) {
            cluster.problem("nodes", "missing, expected a list of 1 or more \"host:port\", or patroni { members = [...] }");
        }
        if (cluster.has("patroni") && !cluster.has("monitor")) {
            cluster.problem("monitor", "missing, with patroni PostgreSQL itself is asked too: expected monitor { user = ... }");
        }
        OutcomeMode outcome = outcome(cluster);
        return new ClusterConfig(name, both ? List.of() : nodes, patroni, monitor, hold(cluster.section("hold")), outcome,
                cluster.word("timeline-regression", TimelineRegression.HOLD), TlsSections.towardsBackends(cluster.section("tls")));
    }

    /// Without somebody who asks the surviving primary no outcome can be learnt.
    private static OutcomeMode outcome(Section cluster) {
        boolean monitored = cluster.has("monitor");
        OutcomeMode outcome = cluster.word("outcome", monitored ? OutcomeMode.PIPELINED : OutcomeMode.OFF);
        if (!monitored && outcome != OutcomeMode.OFF) {
            cluster.problem("outcome", "needs monitor { user = ... }, the user that asks the new primary");
        }
        return outcome;
    }

    private static Optional<PatroniConfig> patroni(Section section) {
        if (!section.isPresent()) return Optional.empty();
        List<URI> members = section.list("members", List.of(), ClusterSections::restUrl);
        Duration poll = section.duration("poll", "1s", POLL_MIN, HOUR);
        Duration timeout = section.duration("timeout", "800ms", TIMEOUT_MIN, TIMEOUT_MAX);
        Optional<String> user = section.optionalText("user");
        Optional<Secret> password = password(section);
        PatroniConfig.Tls tls = patroniTls(section.section("tls"));
        if (members.isEmpty() && section.sound("members")) section.problem("members", "missing, expected a list of 1 or more \"http://host:8008\"");
        if (user.isPresent() && password.isEmpty() && section.sound("password", "password-file")) section.problem("password", "missing, user needs it");
        if (user.isEmpty() && password.isPresent() && section.sound("user")) section.problem("user", "missing, password needs it");
        return Optional.of(new PatroniConfig(members, poll, timeout,
                user.flatMap(name -> password.map(secret -> new PatroniConfig.Login(name, secret))), tls));
    }

    private static PatroniConfig.Tls patroniTls(Section section) {
        Optional<Path> ca = Paths.file(section, "ca");
        Optional<Path> cert = Paths.file(section, "cert");
        Optional<Path> key = Paths.file(section, "key");
        if (section.has("cert") != section.has("key")) {
            section.problem(section.has("cert") ? "key" : "cert", "missing, " + (section.has("cert") ? "cert" : "key") + " needs it");
        }
        return new PatroniConfig.Tls(ca, cert, key, section.word("verify", PatroniConfig.Verify.FULL));
    }

    /// `http://host:port` without anything behind it.
    private static URI restUrl(String text) {
        // A login in it would have a password.
        String expected = "expected \"http://host:port\" or \"https://host:port\", got " + (text.contains("@") ? "one with a login; user and password have keys of their own" : "'" + text + "'");
        try {
            URI url = new URI(text);
            boolean scheme = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            boolean path = url.getPath() != null && !url.getPath().isEmpty() && !url.getPath().equals("/");
            if (!scheme || url.getHost() == null || path || url.getQuery() != null || url.getFragment() != null || url.getUserInfo() != null) throw new BadValue(expected);
            int port = url.getPort() < 0 ? 8008 : url.getPort();
            if (port < 1 || port > 65_535) throw new BadValue(expected);
            return new URI(url.getScheme(), null, url.getHost(), port, null, null, null);
        } catch (URISyntaxException _) {
            throw new BadValue(expected);
        }
    }

    private static Optional<MonitorConfig> monitor(Section section) {
        if (!section.isPresent()) return Optional.empty();
        Optional<String> user = section.optionalText("user");
        Optional<Secret> password = password(section);
        String database = section.text("database", "postgres");
        if (user.isEmpty() && section.sound("user")) section.problem("user", "missing, as whom should PostgreSQL be asked?");
        return user.map(name -> new MonitorConfig(name, password, database));
    }

    private static HoldConfig hold(Section section) {
        HoldConfig standard = HoldConfig.DEFAULT;
        return new HoldConfig(
                section.duration("max-wait", "60s", WAIT_MIN, DAY),
                section.integer("max-clients", standard.maxClients(), 1, CONNECTIONS_MAX),
                section.size("max-bytes", standard.maxBytes(), 64 * KIB, HOLD_BYTES_MAX),
                section.integer("drain-concurrency", standard.drainConcurrency(), 1, CONNECTIONS_MAX));
    }

    private static Optional<Secret> password(Section section) {
        Optional<Secret> inFile = Paths.secretFile(section, "password-file");
        Optional<Secret> direct = section.secret("password");
        if (section.has("password") && section.has("password-file")) section.problem("password", "password-file is there too, only one of them can count");
        return direct.or(() -> inFile);
    }
}
