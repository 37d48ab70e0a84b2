package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.pgkeel.bench.cluster.ClusterOptions;
import org.pgkeel.bench.cluster.ClusterOptions.DcsKind;
import org.pgkeel.bench.cluster.ClusterOptions.Replication;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.command.BenchCommand;
import org.pgkeel.bench.fault.Fault;
import org.pgkeel.bench.fault.Faults;
import org.pgkeel.bench.fault.Injection;
import org.pgkeel.bench.fault.Scene;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The command line of `bench/bin/chaos-cluster`.
@Command(name = "chaos-cluster", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Starts the cluster that the chaos bench breaks, says where it is, and waits for Ctrl-C.")
public final class ChaosCluster implements Callable<Integer> {
    private static final Duration START_LIMIT = Duration.ofSeconds(120);

    @Option(names = "--dcs", paramLabel = "NAME", defaultValue = "ZOOKEEPER", description = "etcd or zookeeper (default: zookeeper).")
    private DcsKind dcs = DcsKind.ZOOKEEPER;

    @ArgGroup
    private Mode mode = new Mode();

    @Option(names = "--nodes", paramLabel = "N", defaultValue = "3", description = "PostgreSQL nodes, 2 to 9 (default: ${DEFAULT-VALUE}).")
    private int nodes;

    @Option(names = "--faults", split = ",", paramLabel = "NAME", description = "Instead of waiting: inject these, one after another, and say what happened; or all.")
    private List<String> faults = List.of();

    private static final class Mode {
        @Option(names = "--sync", description = "Synchronous mode, strict (default).")
        private boolean synchronous;

        @Option(names = "--async", description = "Asynchronous replication.")
        private boolean asynchronous;
    }

    /// @param arguments see `--help`
    public static void main(String[] arguments) {
        System.exit(BenchCommand.run(new ChaosCluster(), arguments));
    }

    @Override
    public Integer call() throws Exception {
        var options = new ClusterOptions(dcs, mode.asynchronous ? Replication.ASYNCHRONOUS : Replication.SYNCHRONOUS, nodes);
        long began = System.nanoTime();
        try (PatroniCluster cluster = PatroniCluster.start(options)) {
            try {
                cluster.awaitHealthy(START_LIMIT);
            } catch (IOException e) {
                throw new IOException(e.getMessage() + "\n" + cluster.describe(), e);
            }
            System.out.printf("%s, PostgreSQL 15, %s, %s, healthy after %.1f s%n", cluster.patroniVersion(), dcs, options.replication(), (System.nanoTime() - began) / 1e9);
            System.out.print(addresses(cluster));
            if (!faults.isEmpty()) return inject(new Scene(cluster, List.of()));
            System.out.println("Ctrl-C ends it and deletes all of it.");
            new CountDownLatch(1).await();
        }
        return 0;
    }

    private int inject(Scene scene) throws Exception {
        List<Fault> chosen = faults.equals(List.of("all")) ? Faults.all() : faults.stream().map(Faults::named).toList();
        int failed = 0;
        for (Fault fault : chosen) {
            Optional<String> unavailable = fault.unavailable(scene);
            if (unavailable.isPresent()) {
                System.out.printf("%-22s left out: %s%n", fault.name(), unavailable.get());
                continue;
            }
            PatroniNode before = scene.cluster().awaitLeader(START_LIMIT);
            // A session of an application, for the faults that want one.
            try (Connection _ = before.connectDirectly(PatroniCluster.APPLICATION); Injection injection = fault.inject(scene)) {
                Optional<PatroniNode> promoted = injection.awaitDue();
                double due = seconds(injection.at());
                injection.heal();
                scene.cluster().awaitHealthy(START_LIMIT);
                System.out.printf("%-22s %s, promoted %s, healed after %.1f s, healthy after %.1f s, primary then %s%n", fault.name(), before.name(),
                        promoted.map(PatroniNode::name).orElse("nobody"), due, seconds(injection.at()), scene.cluster().awaitLeader(START_LIMIT).name());
            } catch (IOException | SQLException e) {
                failed++;
                System.out.printf("%-22s FAILED: %s%n%s%n", fault.name(), e.getMessage(), scene.cluster().describe());
                scene.cluster().awaitHealthy(START_LIMIT);
            }
        }
        return failed == 0 ? 0 : 1;
    }

    private static double seconds(Instant since) {
        return Duration.between(since, Instant.now()).toMillis() / 1_000.0;
    }

    private static String addresses(PatroniCluster cluster) throws IOException {
        var text = new StringBuilder();
        PatroniNode leader = cluster.awaitLeader(START_LIMIT);
        for (PatroniNode node : cluster.nodes()) {
            text.append("%s %-8s sql %s (itself %s)  rest %s (itself %s)  postmaster %d  patroni %d%n  data %s%n  log  %s%n".formatted(node.name(), node == leader ? "primary" : "replica",
                    at(node.sql()), at(node.directSql()), node.rest(), node.directRest(), node.postmasterPid().orElse(0), node.patroniPid().orElse(0), node.dataFolder(), node.log()));
        }
        var login = PatroniCluster.APPLICATION;
        text.append("%s %s, pid %d%n".formatted(cluster.dcs().kind(), at(cluster.dcs().address()), cluster.dcs().pid()));
        text.append("patroni { members = [%s] }%n".formatted(cluster.memberUrls().stream().map(url -> "\"" + url + "\"").collect(Collectors.joining(", "))));
        text.append("psql 'postgresql://%s:%s@%s/%s'%n".formatted(login.user(), login.password(), at(leader.sql()), login.database()));
        text.append("superuser %s, password %s; monitor { user = %s, password = %s }%n".formatted(PatroniCluster.SUPERUSER.user(), PatroniCluster.SUPERUSER.password(),
                PatroniCluster.MONITOR.user(), PatroniCluster.MONITOR.password()));
        return text.toString();
    }

    private static String at(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
