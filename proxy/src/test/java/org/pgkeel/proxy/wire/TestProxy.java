package org.pgkeel.proxy.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.server.ProxyServer;

/// A proxy in this JVM in front of a test's PostgreSQL, on a free port.
///
/// Threading: any.
final class TestProxy implements AutoCloseable {
    private final ProxyServer server;

    private TestProxy(ProxyServer server) {
        this.server = server;
    }

    /// @param poolMax backend connections at most
    /// @param keys    further keys of the configuration, one a line; they win
    static TestProxy start(PostgresFixture postgres, int poolMax, String... keys) {
        Path file = configuration(postgres, poolMax, keys);
        try {
            return switch (new ConfigLoader(System.getenv()).load(file)) {
                case ConfigResult.Loaded loaded -> new TestProxy(ProxyServer.start(loaded.config()));
                case ConfigResult.Rejected rejected -> throw new AssertionError(rejected.problems().toString());
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Writes a configuration file for a proxy of one's own.
    static Path configuration(PostgresFixture postgres, int poolMax, String... keys) {
        try {
            Path folder = Files.createTempDirectory("pgkeel-wire");
            Path users = Files.writeString(folder.resolve("users.txt"), "\"%s\" \"%s\"\n\"%s\" \"%s\"\n".formatted(
                    PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD));
            return Files.writeString(folder.resolve("proxy.conf"), """
                    listen { address = "127.0.0.1", port = 0 }
                    admin { address = "127.0.0.1", port = -1, users = [%s] }
                    clusters { main { nodes = ["%s:%d"], tls.mode = disable } }
                    databases { "*" { cluster = main, pool { max = %d, max-wait = 60s } } }
                    auth { users-file = "%s" }
                    %s
                    """.formatted(PostgresFixture.SUPERUSER, postgres.host(), postgres.port(), poolMax, users, String.join("\n", keys)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", server.port());
    }

    @Override
    public void close() {
        server.close();
    }
}
