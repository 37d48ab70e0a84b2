package org.pgkeel.proxy.command;

import java.io.IOException;
import java.io.PrintWriter;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `pgkeel train`: the run that the launcher has watched after a build, so that later starts find the classes loaded and linked (JEP 514), and know which
/// code is hot and how it runs (JEP 515). Clients work through the proxy, their primary is killed and its replica promoted, and they go on: what happens in a failover
/// is not to be done for the first time when one comes. Without a PostgreSQL clients log in, and that is all. Nothing depends on its success.
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {
    private static final String ADDRESS = "127.0.0.1";
    private static final String SUPERUSER = "postgres";
    private static final long WORK_MILLIS = 4000;
    private static final long WORK_MAX_MILLIS = 30_000;
    private static final long LOOK_MILLIS = 50;

    private final ProxyStart proxy;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    TrainCommand(ProxyStart proxy) {
        this.proxy = proxy;
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        Path folder = Files.createTempDirectory("pgkeel-train-");
        int primary = ServerSettings.freePort(), replica = ServerSettings.freePort();
        Optional<EmbeddedPostgres> servers = Optional.empty();
        try {
            servers = servers(primary, replica, err);
            rehearse(folder, servers, primary, replica, err);
        } finally {
            servers.ifPresent(TrainCommand::remove);
            DataFolder.delete(folder);
        }
        return ExitCode.OK;
    }

    private static Optional<EmbeddedPostgres> servers(int primary, int replica, PrintWriter err) {
        try {
            ServerAccount account = ServerAccount.pick();
            Path home = DataFolder.home(account), cache = DataFolder.prepare(home.resolve("cache"), account);
            var settings = new ServerSettings(ADDRESS, primary, SUPERUSER, SUPERUSER, Map.of("shared_buffers", "64MB", "fsync", "off"), ServerSettings.SCRAM_HBA);
            Path data = home.resolve("train-" + ProcessHandle.current().pid());
            return Optional.of(EmbeddedPostgres.start(PostgresTree.fromClassPath(cache), account, data, settings, replica, err::println));
        } catch (EmbeddedPostgresException none) {
            err.println("training without a PostgreSQL: " + none.getMessage());
            return Optional.empty();
        }
    }

    private static void remove(EmbeddedPostgres servers) {
        servers.close();
        DataFolder.delete(servers.primary().folder().getParent());
    }

    private void rehearse(Path folder, Optional<EmbeddedPostgres> servers, int primary, int replica, PrintWriter err) throws IOException {
        int port = ServerSettings.freePort();
        Files.writeString(folder.resolve("users.txt"), "\"app\" \"app\"\n");
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "%1$s", port = %2$d }
                admin { address = "%1$s", port = 0 }
                clusters { main { nodes = ["%1$s:%3$d", "%1$s:%4$d"], monitor { user = %5$s, password = %5$s }, outcome = strict } }
                databases { "*" { cluster = main, pool { max-wait = 1s } } }
                routing = [ { name = reads, when { statement = read }, to = replica, max-lag = 5s, consistency = session, or-else = primary } ]
                auth { method = scram-sha-256, users-file = "users.txt" }
                """.formatted(ADDRESS, port, primary, replica, SUPERUSER));
        if (!(new ConfigLoader(Map.of()).load(file) instanceof ConfigResult.Loaded loaded)) throw new IllegalStateException("the configuration for training is refused");
        servers.ifPresent(pair -> pair.primary().execute(SUPERUSER, "create role app login password 'app'", "create database app owner app"));
        try (AutoCloseable _ = proxy.start(loaded.config()); var clients = new TrainingClients(port)) {
            Thread.sleep(WORK_MILLIS);
            if (servers.isEmpty()) return;
            awaitMore(clients, 0);
            long before = clients.done();
            servers.get().primary().kill();
            servers.get().replica().execute(SUPERUSER, "select pg_promote()");
            Thread.sleep(WORK_MILLIS);
            awaitMore(clients, before);
            err.println(before + " transactions, and " + (clients.done() - before) + " more behind a failover");
        } catch (Exception e) {
            err.println("no training: " + e);
        }
    }

    /// On a busy machine a failover takes longer than the time to work.
    private static void awaitMore(TrainingClients clients, long before) throws InterruptedException {
        for (long waited = 0; clients.done() == before && waited < WORK_MAX_MILLIS; waited += LOOK_MILLIS) Thread.sleep(LOOK_MILLIS);
    }
}
