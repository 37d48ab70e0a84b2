package org.pgkeel.proxy.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.EmbeddedPostgres;
import org.pgkeel.proxy.embedded.EmbeddedPostgresException;
import org.pgkeel.proxy.embedded.PostgresTree;
import org.pgkeel.proxy.embedded.ServerAccount;
import org.pgkeel.proxy.embedded.ServerSettings;
import picocli.CommandLine.Command;

/// `pgkeel train`: the run that the launcher has watched after a build, so that later starts find the classes loaded and linked (JEP 514), and know which
/// code is hot and how it runs (JEP 515). Clients work through the proxy, their primary is killed and its replica promoted, and they go on: what happens in a failover
/// is not to be done for the first time when one comes. Without a PostgreSQL clients log in, and that is all. Nothing depends on its success.
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {
    private static final String SUPERUSER = "postgres";
    private static final long WORK_MILLIS = 4000;

    private final ProxyStart proxy;

    TrainCommand(ProxyStart proxy) {
        this.proxy = proxy;
    }

    @Override
    public Integer call() throws IOException {
        ServerAccount account = ServerAccount.pick();
        Path folder = DataFolder.home(account).resolve("train");
        DataFolder.delete(folder);
        try {
            int primary = ServerSettings.freePort(), replica = ServerSettings.freePort();
            Optional<EmbeddedPostgres> servers = servers(account, folder, primary, replica);
            try {
                rehearse(folder, servers, primary, replica);
            } finally {
                servers.ifPresent(EmbeddedPostgres::close);
            }
        } finally {
            DataFolder.delete(folder);
        }
        return ExitCode.OK;
    }

    private static Optional<EmbeddedPostgres> servers(ServerAccount account, Path folder, int primary, int replica) throws IOException {
        try {
            Path cache = DataFolder.prepare(DataFolder.home(account).resolve("cache"), account);
            var settings = new ServerSettings("127.0.0.1", primary, SUPERUSER, SUPERUSER, Map.of("shared_buffers", "64MB", "fsync", "off"), ServerSettings.SCRAM_HBA);
            return Optional.of(EmbeddedPostgres.start(PostgresTree.fromClassPath(cache), account, folder, settings, replica, System.err::println));
        } catch (EmbeddedPostgresException none) {
            System.err.println("training without a PostgreSQL: " + none.getMessage());
            Files.createDirectories(folder);
            return Optional.empty();
        }
    }

    private void rehearse(Path folder, Optional<EmbeddedPostgres> servers, int primary, int replica) throws IOException {
        int port = ServerSettings.freePort();
        Files.writeString(folder.resolve("users.txt"), "\"app\" \"app\"\n");
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = %d }
                admin { address = "127.0.0.1", port = 0 }
                clusters { main { nodes = ["127.0.0.1:%d", "127.0.0.1:%d"], monitor { user = %s, password = %s }, outcome = strict } }
                databases { "*" { cluster = main, pool { max-wait = 1s } } }
                routing = [ { name = reads, when { statement = read }, to = replica, max-lag = 5s, consistency = session, or-else = primary } ]
                auth { method = scram-sha-256, users-file = "users.txt" }
                """.formatted(port, primary, replica, SUPERUSER, SUPERUSER));
        if (!(new ConfigLoader(Map.of()).load(file) instanceof ConfigResult.Loaded loaded)) throw new IllegalStateException("the configuration for training is refused");
        servers.ifPresent(pair -> pair.primary().execute(SUPERUSER, "create role app login password 'app'", "create database app owner app"));
        try (AutoCloseable _ = proxy.start(loaded.config()); var clients = new TrainingClients(port)) {
            Thread.sleep(WORK_MILLIS);
            if (servers.isEmpty()) return;
            servers.get().primary().kill();
            servers.get().replica().execute(SUPERUSER, "select pg_promote()");
            Thread.sleep(WORK_MILLIS);
            System.err.println(clients.done() + " transactions");
        } catch (Exception e) {
            System.err.println("no training: " + e);
        }
    }
}
