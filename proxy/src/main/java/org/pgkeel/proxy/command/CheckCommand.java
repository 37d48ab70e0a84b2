package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.login.BrokenUsersFile;
import org.pgkeel.proxy.login.UserSecrets;
import org.pgkeel.proxy.tls.BrokenTlsFile;
import org.pgkeel.proxy.tls.TlsContexts;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `pgkeel check --config FILE`: everything `run` would find out, without starting.
@Command(name = "check", description = {"Check a configuration, ask every PostgreSQL in it, and print what would be in force.",
        "Exit codes: 0 all is well, 78 the configuration is wrong, 69 a PostgreSQL does not answer."}, mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
    private record Member(String cluster, NodeAddress node) {}

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
        boolean reachable = askMembers(loaded.config(), out, err);
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
        readings.add(() -> UserSecrets.load(config.auth(), Optional.empty(), Runnable::run));
        readings.add(() -> TlsContexts.server(config.listen().tls()));
        config.clusters().values().forEach(cluster -> readings.add(() -> TlsContexts.client(cluster.tls())));
        boolean good = true;
        for (Runnable reading : readings) {
            try {
                reading.run();
            } catch (BrokenUsersFile | BrokenTlsFile broken) {
                err.println("error: " + broken.getMessage());
                good = false;
            }
        }
        return good;
    }

    /// All at once: a dead node costs its timeout only once.
    private static boolean askMembers(ProxyConfig config, PrintWriter out, PrintWriter err) throws InterruptedException {
        boolean allAnswer = true;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<Member, Future<NodeCheck.Answer>> answers = new LinkedHashMap<>();
            for (ClusterConfig cluster : config.clusters().values()) {
                for (NodeAddress node : cluster.nodes()) {
                    answers.put(new Member(cluster.name(), node), threads.submit(() -> NodeCheck.ask(node, config.timeouts().serverConnect(), threads)));
                }
            }
            for (Map.Entry<Member, Future<NodeCheck.Answer>> entry : answers.entrySet()) {
                Member member = entry.getKey();
                TlsMode mode = config.clusters().get(member.cluster()).tls().mode();
                allAnswer &= report(member, await(entry.getValue()), mode, out, err);
            }
        }
        return allAnswer;
    }

    private static NodeCheck.Answer await(Future<NodeCheck.Answer> answer) throws InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private static boolean report(Member member, NodeCheck.Answer answer, TlsMode mode, PrintWriter out, PrintWriter err) {
        String who = "cluster " + member.cluster() + ", node " + member.node() + ": ";
        return switch (answer) {
            case NodeCheck.Answer.Unreachable(String reason) -> {
                err.println("error: " + who + reason);
                yield false;
            }
            case NodeCheck.Answer.PostgreSql(_, boolean tls, _) when !tls && needsTls(mode) && !member.node().isUnixSocket() -> {
                err.println("error: " + who + "PostgreSQL there has no TLS, and clusters." + member.cluster() + ".tls.mode needs it");
                yield false;
            }
            case NodeCheck.Answer.PostgreSql(String address, boolean tls, var took) -> {
                out.println(who + "PostgreSQL answers at " + address + (tls ? " with TLS" : " without TLS") + " after " + took.toMillis() + " ms");
                yield true;
            }
        };
    }

    private static boolean needsTls(TlsMode mode) {
        return switch (mode) {
            case REQUIRE, VERIFY_CA, VERIFY_FULL -> true;
            case DISABLE, ALLOW, PREFER -> false;
        };
    }
}
