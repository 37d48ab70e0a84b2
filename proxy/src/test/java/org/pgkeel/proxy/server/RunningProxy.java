package org.pgkeel.proxy.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.postgresql.Driver;

/// A proxy that a test started from files of its own, and the ways to it. Users: those of the fixture, and `ops`, who may do
/// everything in the console.
///
/// Threading: one test.
final class RunningProxy implements AutoCloseable {
    static final String OPERATOR = "ops";
    private static final String OPERATOR_PASSWORD = "ops_secret";

    private final Path folder;
    private final ProxyServer server;
    private final List<Connection> opened = new ArrayList<>();

    private RunningProxy(Path folder, ProxyServer server) {
        this.folder = folder;
        this.server = server;
    }

    /// A proxy whose database `app` has pools of this size; two event loops.
    static RunningProxy start(PostgresFixture postgres, int poolMax) {
        return start(postgres, config(postgres, poolMax, ""));
    }

    /// @param config all of `proxy.conf`
    static RunningProxy start(PostgresFixture postgres, String config) {
        try {
            Path folder = Files.createTempDirectory("pgkeel-server-test-");
            writeUsers(folder, Map.of());
            Path file = Files.writeString(folder.resolve("proxy.conf"), config);
            var loader = new ConfigLoader(Map.of());
            return switch (loader.load(file)) {
                case ConfigResult.Loaded loaded -> new RunningProxy(folder, ProxyServer.start(loaded, loader, file));
                case ConfigResult.Rejected rejected -> throw new AssertionError(rejected.problems().toString());
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param more further keys
    static String config(PostgresFixture postgres, int poolMax, String more) {
        return """
                listen { address = "127.0.0.1", port = 0 }
                admin { address = "127.0.0.1", port = 0, users = [%s] }
                clusters { main { nodes = ["%s:%d"] } }
                databases {
                  app { cluster = main, pool { max = %d, max-wait = 20s } }
                  "*" { cluster = main, pool { max = 5 } }
                }
                auth { method = scram-sha-256, users-file = "users.txt" }
                runtime { event-loops = 2 }
                %s
                """.formatted(OPERATOR, postgres.host(), postgres.port(), poolMax, more);
    }

    /// Replaces `proxy.conf`, as editors do: a new file, renamed.
    void writeConfig(String text) {
        try {
            Files.move(Files.writeString(folder.resolve("proxy.conf.new"), text), folder.resolve("proxy.conf"),
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Writes the users file anew.
    /// @param more beside the fixture's users; also replaces one of them
    void writeUsers(Map<String, String> more) {
        writeUsers(folder, more);
    }

    private static void writeUsers(Path folder, Map<String, String> more) {
        var users = new LinkedHashMap<>(Map.of(OPERATOR, OPERATOR_PASSWORD, PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD,
                PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD));
        users.putAll(more);
        var text = new StringBuilder();
        users.forEach((name, secret) -> text.append('"').append(name).append("\" \"").append(secret).append("\"\n"));
        try {
            Files.writeString(folder.resolve("users.txt"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ProxyServer server() {
        return server;
    }

    /// As `app` in database `app`; closed with the proxy.
    Connection connect() throws SQLException {
        return connect(PostgresFixture.DATABASE, PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
    }

    Connection connect(String database, String user, String password) throws SQLException {
        var properties = new Properties();
        properties.putAll(Map.of("user", user, "password", password, "sslmode", "disable", "connectTimeout", "60", "socketTimeout", "120",
                "ApplicationName", "test"));
        Connection connection = new Driver().connect("jdbc:postgresql://127.0.0.1:" + server.port() + "/" + database, properties);
        opened.add(connection);
        return connection;
    }

    Connection console() throws SQLException {
        return connect("pgkeel", OPERATOR, OPERATOR_PASSWORD);
    }

    /// The rows of a SHOW, each by column name.
    static List<Map<String, String>> show(Connection console, String what) throws SQLException {
        try (Statement statement = console.createStatement(); ResultSet rows = statement.executeQuery("SHOW " + what)) {
            var all = new ArrayList<Map<String, String>>();
            while (rows.next()) {
                var row = new LinkedHashMap<String, String>();
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) row.put(rows.getMetaData().getColumnName(i), String.valueOf(rows.getString(i)));
                all.add(row);
            }
            return all;
        }
    }

    static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    /// Something that blocks: the common pool of a small machine has but one thread.
    interface Blocking {
        void run() throws Exception;
    }

    static CompletableFuture<Void> inBackground(Blocking work) {
        var done = new CompletableFuture<Void>();
        Thread.ofVirtual().start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (Exception | AssertionError e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    /// GET from the admin port.
    HttpResponse<String> get(String path) {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.adminPort() + path)).timeout(Duration.ofSeconds(90)).build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        for (Connection connection : opened) {
            try {
                connection.close();
            } catch (SQLException alreadyClosed) {
                continue;   // the proxy closed it, which some tests want
            }
        }
        server.stop(Duration.ofSeconds(1));
        DataFolder.delete(folder);
    }
}
