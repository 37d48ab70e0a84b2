package org.pgkeel.proxy.drivers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.server.ProxyServer;

/// A proxy that a test started in front of a PostgreSQL, on a free port, with TLS by the fixture's certificates.
/// Threading: any.
public interface ProxyUnderTest extends AutoCloseable {
    String host();

    int port();

    @Override
    void close();

    /// A proxy with the users of the fixture.
    ///
    /// @param poolMax backend connections of one user and database at most
    static ProxyUnderTest start(PostgresFixture postgres, PoolMode mode, int poolMax) {
        return start(postgres, mode, poolMax, Map.of(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD,
                PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, PostgresFixture.MD5_USER, PostgresFixture.MD5_PASSWORD));
    }

    /// @param passwords of the users that may log in, by user name
    static ProxyUnderTest start(PostgresFixture postgres, PoolMode mode, int poolMax, Map<String, String> passwords) {
        try {
            Path folder = Files.createTempDirectory("pgkeel-proxy-under-test");
            return new InFront(ProxyServer.start(configIn(folder, postgres, mode, poolMax, passwords)), folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// No proxy at all: PostgreSQL itself, as the control of a test.
    static ProxyUnderTest none(PostgresFixture postgres) {
        return new Direct(postgres.host(), postgres.port());
    }

    private static ProxyConfig configIn(Path folder, PostgresFixture postgres, PoolMode mode, int poolMax, Map<String, String> passwords) throws IOException {
        Path users = Files.writeString(folder.resolve("users.txt"), passwords.entrySet().stream()
                .map(entry -> "\"" + entry.getKey() + "\" \"" + entry.getValue() + "\"\n").collect(Collectors.joining()));
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = 0, tls { mode = prefer, cert = "%s", key = "%s" } }
                admin { address = "127.0.0.1", port = 0 }
                clusters { main { nodes = ["%s:%d"] } }
                databases { "*" { cluster = main, pool { mode = %s, max = %d, max-wait = 60s } } }
                auth { method = scram-sha-256, users-file = "%s" }
                """.formatted(postgres.certificates().server().cert(), postgres.certificates().server().key(),
                postgres.host(), postgres.port(), mode.name().toLowerCase(Locale.ROOT), poolMax, users));
        return switch (new ConfigLoader(System.getenv()).load(file)) {
            case ConfigResult.Loaded loaded -> loaded.config();
            case ConfigResult.Rejected rejected -> throw new AssertionError(rejected.problems().toString());
        };
    }

    /// @param folder of its configuration
    record InFront(ProxyServer proxy, Path folder) implements ProxyUnderTest {
        @Override
        public String host() {
            return "127.0.0.1";
        }

        @Override
        public int port() {
            return proxy.port();
        }

        @Override
        public void close() {
            proxy.close();
            try {
                Files.deleteIfExists(folder.resolve("users.txt"));
                Files.deleteIfExists(folder.resolve("proxy.conf"));
                Files.deleteIfExists(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /// @param host of PostgreSQL
    record Direct(String host, int port) implements ProxyUnderTest {
        @Override
        public void close() {}   // the fixture belongs to somebody else
    }
}
