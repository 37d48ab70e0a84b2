package org.pgkeel.bench.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.ClusterOptions;
import org.pgkeel.bench.cluster.ClusterOptions.DcsKind;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.command.BenchCommand;
import org.pgkeel.bench.fault.Fault;
import org.pgkeel.bench.fault.Faults;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.Rules.OutcomeTracking;
import org.pgkeel.bench.verdict.Rules.Replication;
import org.pgkeel.bench.verdict.RunResult;
import org.pgkeel.bench.workload.PgbenchLoad;
import org.pgkeel.bench.workload.Workload;
import org.pgkeel.bench.workload.Workloads;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command line of `bench/bin/chaos`.
@Command(name = "chaos", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Breaks a real cluster of PostgreSQL under Patroni while clients work through PgKeel, and says what they saw. Starts all it needs on loopback addresses and cleans up.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:every promise held", "1:the bench did not run to its end", "2:wrong options", "3:a promise was broken; with --strict: or a goal was missed"})
public final class Chaos implements Callable<Integer> {
    private static final int EXIT_NOT_HELD = 3;
    private static final Duration START_LIMIT = Duration.ofSeconds(120);
    private static final Duration QUICK = Duration.ofSeconds(150);
    private static final int POOL_SIZE = 30;

    /// What the clients go through.
    enum Target { DIRECT, PGKEEL, PGBOUNCER }

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--list", description = "Say what scenarios and workloads there are, and end.")
    private boolean list;

    @Option(names = "--scenario", split = ",", paramLabel = "NAME", description = "Only these, one after the other; A+B is A and then B in one round (default: random ones, by the seed).")
    private List<String> scenarios = List.of();

    @Option(names = "--seed", paramLabel = "N", description = "The same seed does the same again (default: the clock's; it is printed).")
    private Optional<Long> chosenSeed = Optional.empty();

    @Option(names = "--rounds", paramLabel = "N", description = "How many (default: 20, or one of each --scenario).")
    private Optional<Integer> rounds = Optional.empty();

    @Option(names = "--quick", description = "About three minutes, however many rounds that is.")
    private boolean quick;

    @Option(names = "--mode", paramLabel = "NAME", defaultValue = "sync", description = "Replication, sync or async (default: ${DEFAULT-VALUE}).")
    private String mode = "";

    @Option(names = "--outcome", paramLabel = "NAME", defaultValue = "strict", description = "PgKeel's outcome, off, pipelined or strict (default: ${DEFAULT-VALUE}).")
    private OutcomeTracking outcome = OutcomeTracking.STRICT;

    @Option(names = "--dcs", paramLabel = "NAME", defaultValue = "zookeeper", description = "etcd or zookeeper (default: ${DEFAULT-VALUE}, which replaces a dead node sooner).")
    private DcsKind dcs = DcsKind.ZOOKEEPER;

    @Option(names = "--proxies", paramLabel = "N", defaultValue = "1", description = "PgKeel processes, 1 or 2 (default: ${DEFAULT-VALUE}).")
    private int proxies;

    @Option(names = "--target", split = ",", paramLabel = "NAME", defaultValue = "pgkeel", description = "pgkeel, pgbouncer (behind HAProxy) or direct; of several each gets the same rounds (default: ${DEFAULT-VALUE}).")
    private List<Target> targets = List.of();

    @Option(names = "--workloads", split = ",", paramLabel = "NAME", description = "Only these (default: all but insert-storm; in async mode without pgbench and copies, which know no xid).")
    private List<String> chosenWorkloads = List.of();

    @Option(names = "--clients", paramLabel = "N", defaultValue = "4", description = "Of each workload but pgbench, which has 3 (default: ${DEFAULT-VALUE}).")
    private int clients;

    @Option(names = "--pace-ms", paramLabel = "N", defaultValue = "40", description = "From one step of a client to the next, at least (default: ${DEFAULT-VALUE}).")
    private long paceMillis;

    @Option(names = "--pgkeel", paramLabel = "PATH", defaultValue = "${sys:pgkeel.launcher}", description = "PgKeel's launcher (default: proxy/bin/pgkeel).")
    private Path pgkeel = Path.of("");

    @Option(names = "--conf", paramLabel = "TEXT", description = "Added to PgKeel's configuration.")
    private List<String> configuration = List.of();

    @Option(names = "--html", paramLabel = "FILE", defaultValue = "chaos.html", description = "The report with its charts (default: ${DEFAULT-VALUE}).")
    private Path html = Path.of("");

    @Option(names = "--json", paramLabel = "FILE", description = "The report for machines (default: beside the other, with the ending .json).")
    private Optional<Path> json = Optional.empty();

    @Option(names = "--strict", description = "Exit with 3 also if a goal was missed; a broken promise always does.")
    private boolean strict;

    private boolean failed;

    /// @param arguments see `--help`
    public static void main(String[] arguments) {
        System.exit(BenchCommand.run(new Chaos(), arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (list) {
            Faults.all().forEach(fault -> System.out.printf("%-28s %s%n", fault.name(), fault.summary()));
            System.out.printf("%-28s %s%n", "nothing", "plain work");
            System.out.printf("%nworkloads: %s%n", String.join(", ", workloadNames()));
            return 0;
        }
        try {
            scenarios.forEach(Disturbance::named);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--scenario: " + e.getMessage() + "; --list says what there is");
        }
        BenchCommand.refuseUnknown(spec, "--workloads", chosenWorkloads, workloadNames());
        long seed = chosenSeed.orElseGet(System::currentTimeMillis);
        say("seed " + seed);
        var runs = new ArrayList<RunResult>();
        for (Target target : targets) {
            RunResult run = run(target, seed);
            runs.add(run);
            System.out.print(ChaosReport.text(run) + "\n");
        }
        Path beside = json.orElseGet(() -> html.resolveSibling(html.getFileName().toString().replaceFirst("\\.html?$", "") + ".json"));
        Files.writeString(html, ChaosReport.page(runs));
        Files.writeString(beside, ChaosJson.text(runs));
        say("report: " + html + ", " + beside);
        boolean missed = strict && runs.stream().flatMap(run -> Spans.of(run).goals().stream()).anyMatch(goal -> goal.verdict() == Goal.Verdict.MISSED);
        return missed || runs.stream().anyMatch(r -> r.brokenRounds() > 0) ? EXIT_NOT_HELD : failed ? 1 : 0;
    }

    private RunResult run(Target target, long seed) throws Exception {
        try (var cleanup = new Cleanup()) {
            WorkFolder work = cleanup.add(WorkFolder.temporary());
            long began = System.nanoTime();
            say("starting the cluster: " + dcs + ", " + replication());
            PatroniCluster cluster = cleanup.add(PatroniCluster.start(ClusterOptions.of(dcs, replication())));
            cluster.awaitHealthy(START_LIMIT);
            Stage stage = cleanup.add(Stage.set(cluster, () -> cleanup.add(front(target, cluster, work)), new Stage.Work(workloads(), clients, Duration.ofMillis(paceMillis), seed), work));
            String version = stage.front().version();
            say("ready after %.1f s: %s".formatted((System.nanoTime() - began) / 1e9, version));
            var about = List.of(version, cluster.patroniVersion() + ", PostgreSQL 15, " + dcs + ", " + replication() + (target == Target.PGKEEL ? ", outcome = " + outcome : ""),
                    String.join(", ", workloads()) + ": " + clients + " clients each (insert-storm: 64 at least), a step every " + paceMillis + " ms at most; " + Runtime.getRuntime().availableProcessors() + " cores");
            return new RunResult(target.name().toLowerCase(Locale.ROOT), about, command(seed), seed, rounds(stage, seed));
        }
    }

    private List<RoundResult> rounds(Stage stage, long seed) throws Exception {
        var run = new ChaosRun(stage, replication() == ClusterOptions.Replication.SYNCHRONOUS ? Replication.SYNCHRONOUS : Replication.ASYNCHRONOUS, outcome, Chaos::say);
        var random = new SplittableRandom(seed);
        List<Fault> available = Faults.availableIn(stage.scene());
        var results = new ArrayList<RoundResult>();
        long deadline = System.nanoTime() + QUICK.toNanos();
        run.warmUp();
        int count = rounds.orElse(quick ? Integer.MAX_VALUE : scenarios.isEmpty() ? 20 : scenarios.size());
        for (int number = 1; number <= count && (!quick || System.nanoTime() < deadline); number++) {
            // Drawn in any case, so that a round's own seed does not depend on how its scenario was chosen.
            long roundSeed = random.nextLong() & Integer.MAX_VALUE;
            Disturbance disturbance = disturbance(number, available, new SplittableRandom(roundSeed));
            try {
                results.add(run.round(number, disturbance, roundSeed));
            } catch (IOException | SQLException e) {
                // The rounds that came to their end are told all the same.
                say("round %d, %s, seed %d did not come to its end: %s\n%s".formatted(number, disturbance.name(), roundSeed, e.getMessage(), stage.cluster().describe()));
                failed = true;
                break;
            }
        }
        return results;
    }

    /// @param available what can be done on this stage
    private Disturbance disturbance(int number, List<Fault> available, SplittableRandom random) {
        if (scenarios.isEmpty()) return Disturbance.random(available, random);
        return Disturbance.named(scenarios.get((number - 1) % scenarios.size()));
    }

    private Front front(Target target, PatroniCluster cluster, WorkFolder work) throws IOException {
        return switch (target) {
            case DIRECT -> new Front.Direct(cluster);
            case PGBOUNCER -> Front.Pooled.start(cluster, work, POOL_SIZE);
            case PGKEEL -> Front.Keels.start(cluster, work, List.of(pgkeel.toAbsolutePath().toString()), proxies, outcome, workloadsConfiguration() + String.join("\n", configuration));
        };
    }

    /// Before what `--conf` adds, so that it can be overridden.
    private String workloadsConfiguration() {
        return Workloads.all().stream().filter(w -> workloads().contains(w.name())).map(w -> w.configuration() + "\n").collect(Collectors.joining());
    }

    private List<String> workloads() {
        if (!chosenWorkloads.isEmpty()) return chosenWorkloads;
        boolean losesNothing = replication() == ClusterOptions.Replication.SYNCHRONOUS;
        var usual = Workloads.all().stream().filter(w -> !w.onlyByName() && (losesNothing || w.tellsTransactions())).map(Workload::name);
        return Stream.concat(usual, losesNothing ? Stream.of(PgbenchLoad.NAME) : Stream.of()).toList();
    }

    private static List<String> workloadNames() {
        return Stream.concat(Workloads.all().stream().map(Workload::name), Stream.of(PgbenchLoad.NAME)).toList();
    }

    private ClusterOptions.Replication replication() {
        return switch (mode) {
            case "sync" -> ClusterOptions.Replication.SYNCHRONOUS;
            case "async" -> ClusterOptions.Replication.ASYNCHRONOUS;
            default -> throw new CommandLine.ParameterException(spec.commandLine(), "--mode: " + mode + " is none of sync, async");
        };
    }

    private String command(long seed) {
        String given = String.join(" ", spec.commandLine().getParseResult().originalArgs());
        return "bench/bin/chaos " + given + (chosenSeed.isPresent() ? "" : " --seed " + seed);
    }

    private static void say(String text) {
        System.err.println(text);
    }
}
