package org.pgkeel.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.postgres.TestCertificates;

class ExpiryTest {
    private static final Path FILE = Path.of("/etc/pgkeel/server.crt");
    private static final Instant END = Instant.parse("2026-11-26T12:00:00Z");

    @TempDir
    Path folder = Path.of("");

    private static Optional<String> warning(Duration before) {
        return new Expiry("listen.tls.cert", FILE, END).warning(END.minus(before));
    }

    @Test
    void an_operator_is_warned_two_weeks_before_and_told_when_it_has_happened() {
        assertThat(warning(Duration.ofDays(14).plusSeconds(1))).isEmpty();
        assertThat(warning(Duration.ofDays(14))).contains("listen.tls.cert: the certificate in /etc/pgkeel/server.crt expires in 14 days, at 2026-11-26T12:00:00Z");
        assertThat(warning(Duration.ofHours(1))).contains("listen.tls.cert: the certificate in /etc/pgkeel/server.crt expires in 0 days, at 2026-11-26T12:00:00Z");
        assertThat(warning(Duration.ZERO)).contains("listen.tls.cert: the certificate in /etc/pgkeel/server.crt has expired at 2026-11-26T12:00:00Z");
        assertThat(warning(Duration.ofDays(-400))).isPresent();
    }

    /// Of a chain each has to be good, of authorities one.
    @Test
    void all_files_in_use_are_looked_at() throws IOException {
        TestCertificates certificates = TestCertificates.create(folder);
        Path soon = certificates.issue("soon", "soon", Duration.ofDays(3)).cert();
        Path late = certificates.issue("late", "late", Duration.ofDays(200)).cert();
        Path both = Files.writeString(folder.resolve("both.crt"), Files.readString(late) + Files.readString(soon));
        Optional<Path> key = Optional.of(certificates.server().key());

        List<Expiry> all = Expiry.all(new ServerTlsConfig(TlsMode.REQUIRE, Optional.of(both), key, Optional.of(soon)),
                Map.of("main", new BackendTlsConfig(TlsMode.VERIFY_FULL, Optional.of(both), Optional.of(late), key),
                        "plain", new BackendTlsConfig(TlsMode.DISABLE, Optional.of(soon), Optional.of(soon), key)),
                Map.of("main", new PatroniConfig.Tls(Optional.of(late), Optional.of(soon), key, PatroniConfig.Verify.FULL)));

        Instant now = Instant.now();
        assertThat(all).filteredOn(expiry -> expiry.warning(now).isPresent()).extracting(Expiry::key)
                .containsExactlyInAnyOrder("listen.tls.cert", "listen.tls.ca", "clusters.main.patroni.tls.cert");
        assertThat(all).filteredOn(expiry -> expiry.warning(now).isEmpty()).extracting(Expiry::key)
                .containsExactlyInAnyOrder("clusters.main.tls.cert", "clusters.main.tls.ca", "clusters.main.patroni.tls.ca");
    }
}
