package org.pgkeel.proxy.server;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.postgresql.Driver;

/// The whole proxy in this JVM, in front of a PostgreSQL, from a configuration file of its own. Threading: any.
final class TestProxy implements AutoCloseable {
    /// The users of the fixture with their passwords in clear.
    static final String PLAIN_USERS = users(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD,
            PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, PostgresFixture.MD5_USER, PostgresFixture.MD5_PASSWORD);

    private final Path folder;
    private final String common;
    private final ProxyServer server;

    private TestProxy(Path folder, String common, String users, String more) throws IOException {
        this.folder = folder;
        this.common = common;
        Files.writeString(folder.resolve("users.txt"), users);
        write(more);
        var loader = new ConfigLoader(Map.of());
        Path file = folder.resolve("proxy.conf");
        this.server = switch (loader.load(file)) {
            case ConfigResult.Loaded loaded -> ProxyServer.start(loaded, loader, file);
            case ConfigResult.Rejected rejected -> throw new AssertionError(rejected.problems().toString());
        };
    }

    /// @param more lines of `proxy.conf`, on top of what every test needs
    static TestProxy start(PostgresFixture postgres, String more) {
        return start(postgres, PLAIN_USERS, more);
    }

    /// @param users the users file
    static TestProxy start(PostgresFixture postgres, String users, String more) {
        return startAt(postgres.host() + ":" + postgres.port(), users, more);
    }

    /// @param node where PostgreSQL is, or is not
    static TestProxy startAt(String node, String users, String more) {
        try {
            Path folder = Files.createTempDirectory("pgkeel-e2e-");
            return new TestProxy(folder, """
                    listen { address = "127.0.0.1", port = 0 }
                    admin { port = -1, users = [postgres] }
                    clusters { main { nodes = ["%s"] } }
                    databases { "*" { cluster = main, pool { max = 5, max-wait = 20s } } }
                    auth { users-file = "users.txt" }
                    timeouts { server-login-retry = 100ms }
                    shutdown { max-wait = 0 }
                    """.formatted(node), users, more);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Lines of a users file: name, secret, name, secret...
    static String users(String... namesAndSecrets) {
        var lines = new StringBuilder();
        for (int i = 0; i < namesAndSecrets.length; i += 2) lines.append("\"%s\" \"%s\"\n".formatted(namesAndSecrets[i], namesAndSecrets[i + 1]));
        return lines.toString();
    }

    private void write(String more) throws IOException {
        Files.writeString(folder.resolve("proxy.conf"), common + more);
    }

    /// Writes other lines on top of the common ones, and has them read.
    /// @return what is wrong with them
    List<String> reload(String more) {
        try {
            write(more);
            return server.reload();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ProxyServer server() {
        return server;
    }

    /// The rows that shared commits, of all tables and event loops.
    CoalesceSnapshot coalesced() {
        return coalescedTables().stream().reduce(CoalesceSnapshot::plus).orElseGet(() -> CoalesceSnapshot.empty(""));
    }

    /// The same, a snapshot for each table of each event loop.
    List<CoalesceSnapshot> coalescedTables() {
        // An event loop that has no time for a second is asked again.
        return await().ignoreExceptionsInstanceOf(CompletionException.class).until(() -> server.survey().askAll(context -> context.coalescer().snapshots()).join(), _ -> true);
    }

    int port() {
        return server.port();
    }

    String url(String database) {
        return "jdbc:postgresql://localhost:" + port() + "/" + database;
    }

    /// As `app` in database `app`, without TLS.
    /// @param properties of pgjdbc: name, value, name, value...
    Connection connect(String... properties) throws SQLException {
        return connectAs(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, PostgresFixture.DATABASE, properties);
    }

    Connection connectAs(String user, String password, String database, String... properties) throws SQLException {
        var all = new Properties();
        all.setProperty("user", user);
        all.setProperty("password", password);
        all.setProperty("sslmode", "disable");
        all.setProperty("socketTimeout", "120");
        for (int i = 0; i < properties.length; i += 2) all.setProperty(properties[i], properties[i + 1]);
        return new Driver().connect(url(database), all);
    }

    static void execute(Connection connection, String... statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (String sql : statements) statement.execute(sql);
        }
    }

    /// The first column of all rows, as text.
    static List<@Nullable String> column(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            List<@Nullable String> values = new ArrayList<>();
            while (rows.next()) values.add(rows.getString(1));
            return values;
        }
    }

    static @Nullable String value(Connection connection, String sql) throws SQLException {
        return column(connection, sql).getFirst();
    }

    @Override
    public void close() {
        server.close();
        DataFolder.delete(folder);
    }
}
