package org.pgkeel.proxy.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.ServerSettings;
import org.postgresql.Driver;
import picocli.CommandLine.Command;

/// `pgkeel train`: the run that the launcher has watched after a build, so that later starts find the classes loaded and linked
/// (JEP 514). It starts the proxy, lets a client log in, and ends. There is no PostgreSQL behind it, and nothing depends on its success.
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {
    private static final String SECONDS_MAX = "5";

    private final ProxyStart proxy;

    TrainCommand(ProxyStart proxy) {
        this.proxy = proxy;
    }

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createTempDirectory("pgkeel-train-");
        try {
            int port = ServerSettings.freePort();
            Files.writeString(folder.resolve("users.txt"), "\"app\" \"app\"\n");
            Path file = Files.writeString(folder.resolve("proxy.conf"), """
                    listen { address = "127.0.0.1", port = %d }
                    admin { address = "127.0.0.1", port = 0 }
                    clusters { none { nodes = ["127.0.0.1:%d"] } }
                    databases { "*" { cluster = none, pool { max-wait = 1s } } }
                    auth { method = scram-sha-256, users-file = "users.txt" }
                    """.formatted(port, ServerSettings.freePort()));
            if (new ConfigLoader(Map.of()).load(file) instanceof ConfigResult.Loaded loaded) {
                serveOneClient(loaded, port);
            }
        } finally {
            DataFolder.delete(folder);
        }
        return ExitCode.OK;
    }

    private void serveOneClient(ConfigResult.Loaded loaded, int port) {
        var properties = new Properties();
        properties.putAll(Map.of("user", "app", "password", "app", "loginTimeout", SECONDS_MAX, "socketTimeout", SECONDS_MAX));
        try (AutoCloseable _ = proxy.start(loaded.config());
                Connection connection = new Driver().connect("jdbc:postgresql://127.0.0.1:" + port + "/app", properties)) {
            connection.isValid(1);
        } catch (SQLException e) {
            System.err.println("as expected without a PostgreSQL: " + e.getMessage());
        } catch (Exception e) {
            System.err.println("no training: " + e);
        }
    }
}
