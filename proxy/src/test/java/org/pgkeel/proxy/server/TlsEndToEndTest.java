package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.postgres.TestCertificates;
import org.postgresql.PGConnection;

/// TLS towards clients and towards PostgreSQL, with pgjdbc and psql at the one end and a real server at the other.
class TlsEndToEndTest {
    private final PostgresFixture postgres = SharedPostgres.get();
    private final TestCertificates certificates = postgres.certificates();

    @TempDir
    private Path folder;

    private String listenTls(String mode) {
        return "listen.tls { mode = %s, cert = \"%s\", key = \"%s\", ca = \"%s\" }\n".formatted(mode, certificates.server().cert(), certificates.server().key(), certificates.caCert());
    }

    private String clusterTls(String mode, Path ca) {
        return "clusters.main.tls { mode = %s, ca = \"%s\" }\n".formatted(mode, ca);
    }

    private String[] verified(String... more) {
        return Psql.concat(new String[] {"sslmode", "verify-full", "sslrootcert", certificates.caCert().toString()}, more);
    }

    @ParameterizedTest
    @CsvSource({"disable, disable, true", "disable, require, false", "allow, disable, true", "prefer, disable, true", "prefer, prefer, true",
            "prefer, require, true", "prefer, verify-ca, true", "prefer, verify-full, true", "require, disable, false", "require, prefer, true", "require, verify-full, true",
            "verify-ca, require, false", "verify-full, require, false", "verify-full, disable, false"})
    void a_client_comes_in_where_both_modes_allow_it(String proxyMode, String clientMode, boolean comesIn) throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, proxyMode.equals("disable") ? "" : listenTls(proxyMode))) {
            String[] properties = {"sslmode", clientMode, "sslrootcert", certificates.caCert().toString()};
            if (comesIn) {
                try (Connection client = proxy.connect(properties)) {
                    assertThat(TestProxy.value(client, "select 'in'")).isEqualTo("in");
                }
            } else {
                assertThatThrownBy(() -> proxy.connect(properties)).isInstanceOf(SQLException.class);
            }
        }
    }

    @Test
    void a_client_certificate_is_asked_for_and_its_name_compared() throws Exception {
        TestCertificates.Pair app = certificates.issue("app", "app");
        TestCertificates.Pair other = certificates.certUser();
        String users = "auth.rules = [ { type = hostssl, user = [app], method = cert } ]\n";
        try (TestProxy proxy = TestProxy.start(postgres, listenTls("verify-ca") + users)) {
            try (Connection client = proxy.connect(verified("sslcert", app.cert().toString(), "sslkey", app.key().toString()))) {
                assertThat(TestProxy.value(client, "select current_user")).isEqualTo("app");
            }
            assertThatThrownBy(() -> proxy.connect(verified("sslcert", other.cert().toString(), "sslkey", other.key().toString())))
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState()).startsWith("28"));
            assertThatThrownBy(() -> proxy.connect(verified())).isInstanceOf(SQLException.class);
            assertThat(proxy.reload(listenTls("verify-full"))).isEmpty();
            try (Connection client = proxy.connect(verified("sslcert", app.cert().toString(), "sslkey", app.key().toString()))) {
                assertThat(TestProxy.value(client, "select current_user")).isEqualTo("app");
            }
            assertThatThrownBy(() -> proxy.connect(verified("sslcert", other.cert().toString(), "sslkey", other.key().toString())))
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState()).startsWith("28"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres", "direct"})
    void pgjdbc_binds_scram_to_the_tls_channel(String negotiation) throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, listenTls("require"));
                Connection client = proxy.connect(verified("channelBinding", "require", "sslNegotiation", negotiation))) {
            assertThat(TestProxy.value(client, "select 'bound'")).isEqualTo("bound");
        }
    }

    @Test
    void psql_binds_scram_to_the_tls_channel() {
        try (TestProxy proxy = TestProxy.start(postgres, listenTls("require"))) {
            assertThat(Psql.run(proxy.port(), "host=localhost user=app dbname=app sslmode=verify-full channel_binding=require sslrootcert=" + certificates.caCert(),
                    Map.of("PGPASSWORD", PostgresFixture.APP_PASSWORD), "select 40 + 2")).isEqualTo("42");
        }
    }

    @Test
    void the_console_is_served_over_tls() {
        try (TestProxy proxy = TestProxy.start(postgres, listenTls("require"))) {
            assertThat(Psql.run(proxy.port(), "host=localhost user=postgres dbname=pgkeel sslmode=require", Map.of("PGPASSWORD", PostgresFixture.SUPERUSER_PASSWORD), "show databases"))
                    .doesNotContain("ERROR");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"prefer", "require", "verify-ca", "verify-full"})
    void backends_are_reached_over_tls(String mode) throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, clusterTls(mode, certificates.caCert())); Connection client = proxy.connect()) {
            assertThat(TestProxy.value(client, "select ssl from pg_stat_ssl where pid = pg_backend_pid()")).isEqualTo("t");
        }
    }

    @Test
    void backends_are_reached_without_tls_where_it_is_disabled() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, "clusters.main.tls.mode = disable"); Connection client = proxy.connect()) {
            assertThat(TestProxy.value(client, "select ssl from pg_stat_ssl where pid = pg_backend_pid()")).isEqualTo("f");
        }
    }

    @Test
    void a_backend_is_reached_with_a_certificate() throws SQLException {
        String tls = "clusters.main.tls { mode = verify-full, ca = \"%s\", cert = \"%s\", key = \"%s\" }\n".formatted(certificates.caCert(), certificates.certUser().cert(), certificates.certUser().key());
        try (TestProxy proxy = TestProxy.start(postgres, TestProxy.users("certuser", "for the proxy only"), tls);
                Connection client = proxy.connectAs("certuser", "for the proxy only", "app")) {
            assertThat(TestProxy.value(client, "select current_user")).isEqualTo("certuser");
        }
    }

    @Test
    void a_client_is_told_that_the_backends_certificate_is_not_trusted() throws IOException {
        TestCertificates others = TestCertificates.create(folder);
        try (TestProxy proxy = TestProxy.start(postgres, clusterTls("verify-full", others.caCert()) + "databases.\"*\".pool.max-wait = 1s")) {
            assertThatThrownBy(proxy::connect).isInstanceOfSatisfying(SQLException.class, refused -> {
                assertThat(refused.getSQLState()).isEqualTo("57P03");
                assertThat(refused.getMessage()).containsIgnoringCase("certificate");
            });
        }
    }

    @Test
    void a_reload_brings_a_new_certificate_to_new_clients_and_leaves_the_old_ones_alone() throws Exception {
        TestCertificates others = TestCertificates.create(Files.createDirectory(folder.resolve("others")));
        Path cert = Files.copy(certificates.server().cert(), folder.resolve("proxy.crt"));
        Path key = Files.copy(certificates.server().key(), folder.resolve("proxy.key"));
        String tls = "listen.tls { mode = require, cert = \"%s\", key = \"%s\" }\n".formatted(cert, key);
        try (TestProxy proxy = TestProxy.start(postgres, tls); Connection old = proxy.connect(verified())) {
            Files.copy(others.server().cert(), cert, StandardCopyOption.REPLACE_EXISTING);
            Files.copy(others.server().key(), key, StandardCopyOption.REPLACE_EXISTING);
            assertThat(proxy.reload(tls)).isEmpty();
            assertThatThrownBy(() -> proxy.connect(verified())).isInstanceOf(SQLException.class);
            try (Connection fresh = proxy.connect("sslmode", "verify-full", "sslrootcert", others.caCert().toString(), "channelBinding", "require")) {
                assertThat(TestProxy.value(fresh, "select 'fresh'")).isEqualTo("fresh");
            }
            assertThat(TestProxy.value(old, "select 'old'")).isEqualTo("old");

            Files.writeString(key, "not a key");
            assertThat(proxy.reload(tls)).as("a broken key is refused").isNotEmpty();
            try (Connection fresh = proxy.connect("sslmode", "verify-full", "sslrootcert", others.caCert().toString())) {
                assertThat(TestProxy.value(fresh, "select 'kept'")).isEqualTo("kept");
            }
        }
    }

    @Test
    void large_results_and_copies_pass_whole_over_tls_on_both_sides_with_a_slow_reader() throws Exception {
        int rows = 300;
        String big = "select repeat(chr(97 + (i %% 26)), 100000) from generate_series(1, %d) i".formatted(rows);
        try (TestProxy proxy = TestProxy.start(postgres, listenTls("require") + clusterTls("require", certificates.caCert())); Connection client = proxy.connect(verified())) {
            String expected = postgres.query("select md5(string_agg(x, e'\\n') || e'\\n') from (" + big + ") t(x)");
            var digest = MessageDigest.getInstance("MD5");
            var copy = client.unwrap(PGConnection.class).getCopyAPI();
            copy.copyOut("copy (" + big + ") to stdout", new SlowDigest(digest));
            assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(expected);

            List<String> lengths = TestProxy.column(client, "select length(x) from (" + big + ") t(x)");
            assertThat(lengths).hasSize(rows).containsOnly("100000");

            TestProxy.execute(client, "create table if not exists tls_copy (x text)", "truncate tls_copy");
            byte[] line = ("z".repeat(50_000) + "\n").getBytes(StandardCharsets.US_ASCII);
            long copied = copy.copyIn("copy tls_copy from stdin", repeated(line, 400), 65_536);
            assertThat(copied).isEqualTo(400);
            assertThat(TestProxy.value(client, "select sum(length(x)) from tls_copy")).isEqualTo("20000000");
            TestProxy.execute(client, "drop table tls_copy");
        }
    }

    @Test
    void many_tls_clients_talk_at_once() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, listenTls("require") + clusterTls("require", certificates.caCert()) + "runtime.event-loops = 3\ndatabases.\"*\".pool.max = 2")) {
            var all = java.util.stream.IntStream.range(0, 12).mapToObj(number -> CompletableFuture.runAsync(() -> {
                try (Connection client = proxy.connect(verified()); var statement = client.prepareStatement("select ? || repeat('x', ?)")) {
                    for (int i = 0; i < 100; i++) {
                        statement.setString(1, number + "-" + i + "-");
                        statement.setInt(2, i * 100);
                        try (var row = statement.executeQuery()) {
                            row.next();
                            assertThat(row.getString(1)).isEqualTo(number + "-" + i + "-" + "x".repeat(i * 100));
                        }
                    }
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            }, Thread::startVirtualThread)).toArray(CompletableFuture[]::new);
            CompletableFuture.allOf(all).get(120, java.util.concurrent.TimeUnit.SECONDS);
        }
    }

    private static InputStream repeated(byte[] line, int times) {
        return new InputStream() {
            private int at;

            @Override
            public int read() {
                return at == line.length * times ? -1 : line[at++ % line.length];
            }

            @Override
            public int read(byte[] into, int from, int length) {
                if (at == line.length * times) return -1;
                int part = Math.min(length, line.length - at % line.length);
                System.arraycopy(line, at % line.length, into, from, part);
                at += part;
                return part;
            }
        };
    }

    /// Reads so slowly that everything in front of it has to wait: every write is followed by a pause of a busy thread's kind.
    private static final class SlowDigest extends OutputStream {
        private final MessageDigest digest;
        private int writes;

        SlowDigest(MessageDigest digest) {
            this.digest = digest;
        }

        @Override
        public void write(int octet) {
            digest.update((byte) octet);
        }

        @Override
        public void write(byte[] octets, int from, int length) {
            digest.update(octets, from, length);
            if (++writes % 10 == 0) java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
        }
    }
}
