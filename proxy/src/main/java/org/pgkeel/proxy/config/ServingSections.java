package org.pgkeel.proxy.config;

import static org.pgkeel.proxy.config.Bounds.CONNECTIONS_MAX;
import static org.pgkeel.proxy.config.Bounds.HOUR;
import static org.pgkeel.proxy.config.Bounds.KIB;
import static org.pgkeel.proxy.config.Bounds.MESSAGE_BYTES_MAX;
import static org.pgkeel.proxy.config.Bounds.MIB;
import static org.pgkeel.proxy.config.Bounds.MILLISECOND;
import static org.pgkeel.proxy.config.Bounds.NONE;
import static org.pgkeel.proxy.config.Bounds.YEAR;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads the sections about the proxy itself: sockets, limits, times. Their defaults are written here and nowhere else.
final class ServingSections {
    /// `sun_path` of Linux less the terminating zero.
    private static final int SOCKET_PATH_BYTES_MAX = 107;

    private ServingSections() {}

    static ListenConfig listen(Section section) {
        String address = section.text("address", "0.0.0.0");
        int port = section.integer("port", 6432, 0, 65_535);
        Optional<Path> folder = Paths.folder(section, "unix-socket-directory");
        folder.filter(path -> path.resolve(".s.PGSQL." + port).toString().getBytes(StandardCharsets.UTF_8).length > SOCKET_PATH_BYTES_MAX)
                .ifPresent(_ -> section.problem("unix-socket-directory", "the path of a Unix-domain socket may have " + SOCKET_PATH_BYTES_MAX + " bytes, this one is longer"));
        int backlog = section.integer("backlog", 4096, 1, 65_535);
        return new ListenConfig(address, port, folder, backlog, TlsSections.towardsClients(section.section("tls")));
    }

    static AdminConfig admin(Section section) {
        String address = section.text("address", "127.0.0.1");
        int port = section.integer("port", 9632, -1, 65_535);
        Set<String> users = new LinkedHashSet<>(section.texts("users", List.of()));
        Set<String> statsUsers = new LinkedHashSet<>(section.texts("stats-users", List.of()));
        return new AdminConfig(address, port, users, statsUsers);
    }

    static LimitsConfig limits(Section section) {
        return new LimitsConfig(
                section.integer("clients", 10_000, 1, CONNECTIONS_MAX),
                // PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
                (int) section.size("startup-bytes", 10_000, 1_000, 64 * KIB),
                (int) section.size("login-message-bytes", 64 * KIB, KIB, 64 * KIB),
                (int) section.size("inspected-statement-bytes", MIB, KIB, 64 * MIB),
                (int) section.size("client-buffer-bytes", 256 * KIB, 16 * KIB, 64 * MIB),
                (int) section.size("backend-buffer-bytes", 256 * KIB, 16 * KIB, 64 * MIB),
                (int) section.size("message-bytes", MESSAGE_BYTES_MAX, 64 * KIB, MESSAGE_BYTES_MAX),
                (int) section.size("rerun-bytes", MIB, 0, 64 * MIB));
    }

    static TimeoutsConfig timeouts(Section section) {
        Duration tenMinutes = Duration.ofMinutes(10);
        return new TimeoutsConfig(
                section.duration("login", "15s", Duration.ofMillis(100), tenMinutes),
                section.duration("idle-in-transaction", "0", NONE, YEAR),
                section.duration("transaction", "0", NONE, YEAR),
                section.duration("query", "0", NONE, YEAR),
                section.duration("client-idle", "0", NONE, YEAR),
                section.duration("server-connect", "5s", Duration.ofMillis(10), tenMinutes),
                section.duration("server-login-retry", "1s", MILLISECOND, HOUR),
                section.duration("server-lifetime", "1h", NONE, YEAR),
                section.duration("server-idle", "10m", NONE, YEAR),
                section.duration("server-check-after", "30s", NONE, YEAR));
    }

    static PreparedConfig prepared(Section section) {
        PreparedConfig prepared = new PreparedConfig(
                section.word("unnamed", PreparedConfig.Unnamed.CACHE),
                section.integer("per-backend", 500, 1, 100_000),
                section.integer("per-client", 10_000, 1, 1_000_000),
                (int) section.size("statement-bytes", 64 * KIB, KIB, 16 * MIB),
                section.size("cache-bytes", 64 * MIB, MIB, 64 * KIB * MIB));
        if (section.sound("statement-bytes", "cache-bytes") && prepared.statementBytes() > prepared.cacheBytes()) {
            section.problem("statement-bytes", "larger than prepared.cache-bytes, which has to hold many of them");
        }
        return prepared;
    }

    static PinningConfig pinning(Section section) {
        return new PinningConfig(section.word("policy", PinningConfig.Policy.ALLOW));
    }

    static RuntimeConfig runtime(Section section) {
        return new RuntimeConfig(section.word("transport", RuntimeConfig.Transport.AUTO), section.integer("event-loops", 0, 0, 1_024));
    }

    static ShutdownConfig shutdown(Section section) {
        return new ShutdownConfig(section.duration("max-wait", "30s", NONE, Duration.ofDays(1)));
    }

    static ReloadConfig reload(Section section) {
        return new ReloadConfig(section.flag("watch", false));
    }
}
