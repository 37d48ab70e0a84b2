package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgkeel.bench.cluster.PgBouncer;
import org.pgkeel.bench.cluster.PgKeel;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.ProxyProgram;
import org.pgkeel.bench.cluster.Rig;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.command.BenchCommand;
import org.pgkeel.bench.command.Measuring;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.report.Goals;
import org.pgkeel.bench.report.Report;
import org.pgkeel.bench.report.Results;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command line of `bench/bin/compare`.
@Command(name = "compare", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Compares PgKeel with PgBouncer and with no proxy at all: throughput, CPU, latency, memory, start. "
                + "Starts all it needs on loopback ports and cleans up.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:it ran", "1:it did not run", "2:wrong options", "3:with --strict: a goal was missed or a run failed"})
public final class Compare implements Callable<Integer> {
    private static final String PRIMARY_ALONE = "PostgreSQL's CPU is that of the primary alone; the standby's, which answers what is routed to it, is not counted";
    private static final int SCALE = 10;
    private static final int POOL_SIZE = 10;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--watched", description = "Instead of all that: PgKeel with topology, hold, routing and outcomes on against PgKeel without, 9 rounds of 2 s of "
            + "simple-16, extended-16, prepared-16 and tpcb-16.")
    private boolean watched;

    @Option(names = "--quick", description = "About three minutes: fewer workloads, 2 rounds of 2 s.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5; with --quick 2).")
    private Optional<Integer> rounds = Optional.empty();

    @Option(names = "--seconds", paramLabel = "N", description = "Measured seconds of one run (default: 5; with --quick 2).")
    private Optional<Integer> seconds = Optional.empty();

    @Option(names = "--warm-up", paramLabel = "N", defaultValue = "300000", description = "Transactions through PgKeel before the first round (default: ${DEFAULT-VALUE}).")
    private long warmUp;

    @Option(names = "--only", split = ",", paramLabel = "NAME", description = "Only these: any of the workloads, memory, start.")
    private List<String> only = List.of();

    @Option(names = "--targets", split = ",", paramLabel = "NAME", defaultValue = "direct,pgbouncer,pgkeel", description = "Which of direct, pgbouncer, pgkeel (default: all).")
    private List<String> targetNames = List.of();

    @Option(names = "--variant", paramLabel = "NAME=CONF", description = "One more PgKeel with CONF added to its configuration, for example --variant forward='prepared.unnamed = forward'.")
    private Map<String, String> variants = new LinkedHashMap<>();

    @Mixin
    private Measuring measuring = new Measuring();

    /// @param arguments see `--help`
    public static void main(String[] arguments) {
        System.exit(BenchCommand.run(new Compare(), arguments));
    }

    @Override
    public Integer call() throws Exception {
        Comparison.Plan plan = plan();
        int cores = Runtime.getRuntime().availableProcessors();   // fewer are left when the proxies have their own
        System.err.println("starting PostgreSQL, pgbench scale " + SCALE);
        try (Rig rig = Rig.start(PostgresServer.Options.forPgbench(SCALE))) {
            Path memory = Path.of("/dev/shm");
            WorkFolder logs = rig.add(WorkFolder.in(Files.isWritable(memory) ? memory : rig.work().path()));
            List<ProxyProgram> programs = programs(rig);
            if (watched) for (ProxyProgram program : programs) Turns.createDatabase(rig.postgres(), program.name());
            var targets = new ArrayList<Target>();
            if (targetNames.contains("direct") && !watched) targets.add(rig.direct());
            for (ProxyProgram program : programs) targets.add(rig.start(program, rig.postgres().login()));
            String versions = targets.stream().map(t -> t.name() + " = " + t.version()).collect(Collectors.joining("\n  ", "  ", "\n"));
            System.err.print(versions);
            Results results = new Comparison(plan, rig.postgres(), logs.path()).run(targets, programs);
            return report(plan, versions, cores, results);
        }
    }

    private Integer report(Comparison.Plan plan, String versions, int cores, Results results) throws IOException {
        List<Goal> goals = watched ? Goals.ofWatched(results, Watched.PLAIN, Watched.WATCHED, Watched.ROUTED, Watched.PIPELINED)
                : targetNames.contains("pgkeel") ? Goals.of(results, "pgkeel", "pgbouncer") : List.of();
        System.out.printf("%n%s  %d rounds of %d s, %,d transactions of warm-up, %d cores%n", versions, plan.rounds(), plan.time().toSeconds(),
                plan.warmUp(), cores);
        if (watched) System.out.println("  " + PRIMARY_ALONE);
        System.out.print(new Report(results, watched ? Watched.PLAIN : "pgbouncer").text(goals));
        var about = new LinkedHashMap<String, Object>();
        about.put("versions", versions.strip().lines().map(String::strip).toList());
        about.put("rounds", plan.rounds());
        if (watched) about.put("note", PRIMARY_ALONE);
        about.put("seconds", plan.time().toSeconds());
        return measuring.ended(about, results, goals);
    }

    private List<ProxyProgram> programs(Rig rig) throws IOException {
        var programs = new ArrayList<ProxyProgram>();
        if (watched) programs.addAll(Watched.programs(rig, measuring.pgkeel()));
        if (targetNames.contains("pgbouncer") && !watched) {
            PgBouncer pgbouncer = rig.pgBouncer(measuring.pgbouncer(), POOL_SIZE);
            if (!pgbouncer.preparesInTransactionMode()) {
                System.err.println("note: " + pgbouncer.version() + " cannot do prepared statements in transaction mode; bench/bin/get-pgbouncer fetches a newer one");
            }
            programs.add(pgbouncer);
        }
        if (targetNames.contains("pgkeel") && !watched) programs.add(rig.pgKeel("pgkeel", measuring.pgkeel(), ""));
        for (Map.Entry<String, String> variant : variants.entrySet()) {
            programs.add(rig.pgKeel(variant.getKey(), measuring.pgkeel(), variant.getValue()));
        }
        return programs;
    }

    private Comparison.Plan plan() {
        List<String> names = !only.isEmpty() ? only : watched ? Watched.WORKLOADS
                : Stream.concat(quick ? Workload.quick().stream() : Workload.all().stream().map(Workload::name), Stream.of("memory", "start")).toList();
        List<String> known = Stream.concat(Workload.all().stream().map(Workload::name), Stream.of("memory", "start")).toList();
        BenchCommand.refuseUnknown(spec, "--only", names, known);
        BenchCommand.refuseUnknown(spec, "--targets", targetNames, List.of("direct", "pgbouncer", "pgkeel"));
        List<Workload> workloads = Workload.all().stream().filter(w -> names.contains(w.name())).toList();
        List<Integer> idleClients = !names.contains("memory") ? List.of() : quick ? List.of(0, 1_000, 5_000) : List.of(0, 1_000, 5_000, 10_000);
        return new Comparison.Plan(workloads, rounds.orElse(quick ? 2 : watched ? 9 : 5), Duration.ofSeconds(seconds.orElse(quick || watched ? 2 : 5)), warmUp,
                idleClients, names.contains("start") ? quick ? 3 : 5 : 0, watched ? Comparison.Manner.IN_TURNS : Comparison.Manner.ONE_AFTER_ANOTHER);
    }
}
