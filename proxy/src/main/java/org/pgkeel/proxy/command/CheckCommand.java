package org.pgkeel.proxy.command;

import io.netty.channel.FixedRecvByteBufAllocator;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.pgkeel.proxy.backend.BackendConnector;
import org.pgkeel.proxy.cluster.Rooms;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.login.BrokenUsersFile;
import org.pgkeel.proxy.login.UserSecrets;
import org.pgkeel.proxy.tls.BrokenTlsFile;
import org.pgkeel.proxy.tls.Expiry;
import org.pgkeel.proxy.tls.PatroniTls;
import org.pgkeel.proxy.tls.TlsContexts;
import org.pgkeel.proxy.transport.Transport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `pgkeel check --config FILE`: everything `run` would find out, without starting.
@Command(name = "check", description = {"Check a configuration, ask every PostgreSQL and every Patroni in it, and print what would be in force.",
        "Exit codes: 0 all is well, 78 the configuration is wrong, 69 somebody does not answer as it should."}, mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
    private static final int READ_BYTES = 4096;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The configuration, see conf/README.md.")
    private Path config = Path.of("proxy.conf");

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        ConfigResult result = new ConfigLoader(System.getenv()).load(config);
        ConfigPrinting.print(result, err);
        return switch (result) {
            case ConfigResult.Rejected _ -> ExitCode.CONFIG;
            case ConfigResult.Loaded loaded -> check(loaded);
        };
    }

    private int check(ConfigResult.Loaded loaded) throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        out.print(loaded.effective().render());
        out.println();
        boolean usable = resolves("listen.address", loaded.config().listen().address(), err) & resolves("admin.address", loaded.config().admin().address(), err)
                & filesAreGood(loaded.config(), err);
        // Nobody can be asked with files that are none.
        boolean reachable = !usable || askMembers(loaded.config(), out, err);
        out.flush();
        err.flush();
        return !usable ? ExitCode.CONFIG : reachable ? ExitCode.OK : ExitCode.UNAVAILABLE;
    }

    private static boolean resolves(String key, String host, PrintWriter err) {
        try {
            InetAddress.getAllByName(host);
            return true;
        } catch (UnknownHostException _) {
            err.println("error: " + key + ": the name '" + host + "' cannot be resolved");
            return false;
        }
    }

    /// The files are there, the loader saw to that; here they are read for what they should hold.
    private static boolean filesAreGood(ProxyConfig config, PrintWriter err) {
        List<Runnable> readings = new ArrayList<>();
        readings.add(() -> {
            var secrets = UserSecrets.load(config.auth(), Optional.empty(), Runnable::run);
            config.auth().query().ifPresent(secrets::passwordOf);
        });
        readings.add(() -> TlsContexts.server(config.listen().tls()));
        config.clusters().values().forEach(cluster -> {
            readings.add(() -> TlsContexts.client(cluster.name(), cluster.tls()));
            cluster.patroni().ifPresent(patroni -> readings.add(() -> new PatroniTls(cluster.name(), patroni.tls())));
        });
        boolean good = true;
        for (Runnable reading : readings) {
            try {
                reading.run();
            } catch (BrokenUsersFile | BrokenTlsFile broken) {
                err.println("error: " + broken.getMessage());
                good = false;
            }
        }
        if (good) for (Expiry expiry : expiries(config)) expiry.warning(Instant.now()).ifPresent(warning -> err.println("warning: " + warning));
        return good;
    }

    private static List<Expiry> expiries(ProxyConfig config) {
        var towardsServers = new LinkedHashMap<String, BackendTlsConfig>();
        var towardsPatroni = new LinkedHashMap<String, PatroniConfig.Tls>();
        config.clusters().forEach((name, cluster) -> {
            towardsServers.put(name, cluster.tls());
            cluster.patroni().ifPresent(patroni -> towardsPatroni.put(name, patroni.tls()));
        });
        return Expiry.all(config.listen().tls(), towardsServers, towardsPatroni);
    }

    /// All clusters at once: a dead node costs its timeout only once.
    private static boolean askMembers(ProxyConfig config, PrintWriter out, PrintWriter err) throws InterruptedException {
        boolean allAnswer = true;
        Transport transport = Transport.choose(config.runtime().transport());
        var group = transport.newGroup(1, "pgkeel-check");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var rooms = new Rooms(group.next(), new BackendConnector(transport, threads, _ -> new FixedRecvByteBufAllocator(READ_BYTES)),
                    name -> TlsContexts.client(name, config.clusters().get(name).tls()), name -> new PatroniTls(name, config.clusters().get(name).patroni().orElseThrow().tls()));
            List<Future<List<Finding>>> answers = config.clusters().values().stream()
                    .map(cluster -> threads.submit(new ClusterCheck(cluster, config.timeouts().serverConnect(), rooms, threads))).toList();
            for (Future<List<Finding>> answer : answers) {
                for (Finding finding : await(answer)) {
                    switch (finding) {
                        case Finding.Good(var text) -> out.println(text);
                        case Finding.Odd(var text) -> err.println("warning: " + text);
                        case Finding.Bad(var text) -> {
                            err.println("error: " + text);
                            allAnswer = false;
                        }
                    }
                }
            }
        } finally {
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        }
        return allAnswer;
    }

    private static List<Finding> await(Future<List<Finding>> answer) throws InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
