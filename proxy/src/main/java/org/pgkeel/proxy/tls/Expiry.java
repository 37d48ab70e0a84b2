package org.pgkeel.proxy.tls;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;
import org.pgkeel.proxy.config.TlsMode;

/// Until when a certificate file of the configuration is good for anything: a chain that is shown until its first certificate expires, authorities that are
/// trusted until the last of them does, since a renewed one stands beside the old one for a while. Threading: immutable.
///
/// @param key of the configuration
public record Expiry(String key, Path file, Instant at) {
    /// An operator hears of it from then on, once a day: late enough for what renews certificates by itself, early enough for hands.
    static final Duration WARNED_OF = Duration.ofDays(14);

    /// Of all files that are in use.
    /// @param clusters towards PostgreSQL, by the cluster's name
    /// @param patroni  towards Patroni, of clusters that have it
    /// @throws BrokenTlsFile at the first file that is broken
    public static List<Expiry> all(ServerTlsConfig server, Map<String, BackendTlsConfig> clusters, Map<String, PatroniConfig.Tls> patroni) {
        var all = new ArrayList<Expiry>();
        if (server.mode() != TlsMode.DISABLE) add(all, "listen.tls", server.cert(), server.ca());
        clusters.forEach((name, tls) -> {
            if (tls.mode() != TlsMode.DISABLE) add(all, "clusters." + name + ".tls", tls.cert(), tls.ca());
        });
        patroni.forEach((name, tls) -> add(all, "clusters." + name + ".patroni.tls", tls.cert(), tls.ca()));
        return List.copyOf(all);
    }

    private static void add(List<Expiry> all, String section, Optional<Path> shown, Optional<Path> trusted) {
        shown.ifPresent(file -> all.add(new Expiry(section + ".cert", file, ends(section + ".cert", file).min(Comparator.naturalOrder()).orElseThrow())));
        trusted.ifPresent(file -> all.add(new Expiry(section + ".ca", file, ends(section + ".ca", file).max(Comparator.naturalOrder()).orElseThrow())));
    }

    private static Stream<Instant> ends(String key, Path file) {
        return PemFiles.certificates(key, file).stream().map(X509Certificate::getNotAfter).map(date -> date.toInstant());
    }

    /// What an operator should know of it now.
    public Optional<String> warning(Instant now) {
        Duration left = Duration.between(now, at);
        if (left.compareTo(WARNED_OF) > 0) return Optional.empty();
        return Optional.of(key + ": the certificate in " + file + (left.isPositive() ? " expires in " + left.toDays() + " days, at " + at : " has expired at " + at));
    }
}
