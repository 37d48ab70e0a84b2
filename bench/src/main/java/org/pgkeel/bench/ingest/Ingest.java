package org.pgkeel.bench.ingest;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.pgkeel.bench.cluster.PgBouncer;
import org.pgkeel.bench.cluster.PgKeel;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.ProxyProgram;
import org.pgkeel.bench.cluster.Rig;
import org.pgkeel.bench.cluster.SyncStandby;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.command.BenchCommand;
import org.pgkeel.bench.command.Measuring;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.report.Results;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command line of `bench/bin/ingest`.
@Command(name = "ingest", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Single-row autocommit INSERTs by many clients: directly, through PgBouncer, through PgKeel without and with coalescing, and in hand-made batches. "
                + "PostgreSQL writes to a real disk, fsync on. Starts all it needs on loopback ports and cleans up.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:it ran", "1:it did not run", "2:wrong options", "3:with --strict: a goal was missed or a run failed"})
public final class Ingest implements Callable<Integer> {
    private static final List<String> TARGETS = List.of("direct", "pgbouncer", "pgkeel", "coalesced", "multi-row", "copy");
    private static final int CONNECTIONS_BESIDE_CLIENTS = 100;
    private static final int FREEZE_CLIENTS = 512;
    /// Beyond the rows themselves: their messages in the proxy's socket buffers, and what the JVM grows by to handle them.
    private static final long GROWTH_BESIDE_ROWS_MIB = 96;
    private static final long BUFFERED_MIB_MAX = 64;

    enum Replica { none, sync }

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--quick", description = "About three minutes: fewer workloads, 2 rounds of 2 s.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5; with --quick 2).")
    private Optional<Integer> rounds = Optional.empty();

    @Option(names = "--seconds", paramLabel = "N", description = "Measured seconds of one run (default: 4; with --quick 2).")
    private Optional<Integer> seconds = Optional.empty();

    @Option(names = "--warm-up", paramLabel = "N", defaultValue = "150000", description = "Rows through each PgKeel before the first round (default: ${DEFAULT-VALUE}).")
    private long warmUp;

    @Option(names = "--only", split = ",", paramLabel = "NAME", description = "Only these workloads, for example pgjdbc-128.")
    private List<String> only = List.of();

    @Option(names = "--targets", split = ",", paramLabel = "NAME", defaultValue = "direct,pgbouncer,pgkeel,coalesced,multi-row,copy", description = "Which of direct, pgbouncer, pgkeel, coalesced, multi-row, copy (default: all).")
    private List<String> targetNames = List.of();

    @Option(names = "--replica", paramLabel = "NAME", defaultValue = "none", description = "none, or sync: commits wait for a standby on the same disk (default: ${DEFAULT-VALUE}).")
    private Replica replica = Replica.none;

    @Option(names = "--pool", paramLabel = "N", defaultValue = "20", description = "Backends of each proxy (default: ${DEFAULT-VALUE}).")
    private int pool;

    @Option(names = "--coalesce", paramLabel = "CONF", defaultValue = "coalesce = [ { table = public.events, max-rows = 1000, max-delay = 5ms, max-buffered-bytes = 64MiB, lanes = 1 } ]",
            description = "What is added to the configuration of the coalescing PgKeel (default: ${DEFAULT-VALUE}).")
    private String coalesce = "";

    @Option(names = "--freeze", description = "Stop PostgreSQL for 30 s in the middle of a storm (with --quick 8 s), and no rounds unless --only names some.")
    private boolean freeze;

    @Option(names = "--freeze-target", paramLabel = "NAME", defaultValue = "coalesced", description = "pgkeel or coalesced (default: ${DEFAULT-VALUE}).")
    private String freezeTarget = "";

    @Mixin
    private Measuring measuring = new Measuring();

    /// @param arguments see `--help`
    public static void main(String[] arguments) {
        System.exit(BenchCommand.run(new Ingest(), arguments));
    }

    @Override
    public Integer call() throws Exception {
        IngestRounds.Plan plan = plan();
        int connections = plan.workloads().stream().mapToInt(Workload::clients).max().orElse(0) + 2 * pool + CONNECTIONS_BESIDE_CLIENTS;
        try (Rig rig = Rig.start(new PostgresServer.Options(0, connections, PostgresServer.Durability.FULL))) {
            PostgresServer postgres = rig.postgres();
            if (replica == Replica.sync) rig.add(SyncStandby.start(rig.work(), postgres));
            for (String sql : EventMessages.SCHEMA) postgres.sql(PostgresServer.DATABASE, "set role " + PostgresServer.USER + "; " + sql);
            List<Contender> contenders = contenders(rig);
            String versions = contenders.stream().map(c -> c.name() + " = " + c.target().version()).collect(Collectors.joining("\n  ", "  ", "\n"));
            System.err.print(versions);
            Results results;
            try (var run = new IngestRun(postgres)) {
                results = new IngestRounds(plan, run).run(contenders);
            }
            Optional<FreezeRun.Outcome> frozen = Optional.empty();
            for (Contender contender : contenders) {
                if (freeze && contender.name().equals(freezeTarget)) {
                    frozen = Optional.of(new FreezeRun(postgres, FREEZE_CLIENTS, Duration.ofSeconds(quick ? 8 : 30), BUFFERED_MIB_MAX + GROWTH_BESIDE_ROWS_MIB).run(contender));
                }
            }
            return report(plan, versions, results, frozen);
        }
    }

    private Integer report(IngestRounds.Plan plan, String versions, Results results, Optional<FreezeRun.Outcome> frozen) throws IOException {
        var goals = new ArrayList<Goal>();
        if (targetNames.contains(IngestGoals.COALESCED) && !plan.workloads().isEmpty()) goals.addAll(IngestGoals.of(results, replica == Replica.sync));
        frozen.ifPresent(outcome -> goals.addAll(outcome.goals()));
        System.out.printf("%n%s  %d rounds of %d s, pools of %d, %s, %d cores%n", versions, plan.rounds(), plan.time().toSeconds(), pool,
                replica == Replica.sync ? "one synchronous replica" : "no replica", Runtime.getRuntime().availableProcessors());
        System.out.print(new IngestReport(results).text(goals, frozen.map(FreezeRun.Outcome::text)));
        var about = new LinkedHashMap<String, Object>();
        about.put("versions", versions.strip().lines().map(String::strip).toList());
        about.put("rounds", plan.rounds());
        about.put("seconds", plan.time().toSeconds());
        about.put("replica", replica.name());
        about.put("pool", pool);
        frozen.ifPresent(outcome -> about.put("freeze", outcome.text()));
        return measuring.ended(about, results, goals);
    }

    private List<Contender> contenders(Rig rig) throws IOException {
        var contenders = new ArrayList<Contender>();
        Target direct = rig.direct();
        String poolSize = "databases.\"*\".pool.max = " + pool + "\n";
        for (String name : targetNames) {
            switch (name) {
                case "direct" -> contenders.add(Contender.of(direct));
                case "multi-row" -> contenders.add(new Contender(name, direct, Contender.ByHand.MULTI_ROW));
                case "copy" -> contenders.add(new Contender(name, direct, Contender.ByHand.COPY));
                case "pgbouncer" -> contenders.add(started(rig, rig.pgBouncer(measuring.pgbouncer(), pool)));
                case "pgkeel" -> contenders.add(started(rig, rig.pgKeel(name, measuring.pgkeel(), poolSize)));
                default -> contenders.add(started(rig, rig.pgKeel(name, measuring.pgkeel(), poolSize + coalesce)));
            }
        }
        return contenders;
    }

    private static Contender started(Rig rig, ProxyProgram program) throws IOException {
        return Contender.of(rig.start(program, rig.postgres().login()));
    }

    private IngestRounds.Plan plan() {
        List<String> known = Workload.all().stream().map(Workload::name).toList();
        List<String> names = !only.isEmpty() ? only : freeze ? List.of() : quick ? Workload.quick() : known;
        BenchCommand.refuseUnknown(spec, "--only", names, known);
        BenchCommand.refuseUnknown(spec, "--targets", targetNames, TARGETS);
        if (freeze) BenchCommand.refuseUnknown(spec, "--freeze-target", List.of(freezeTarget), targetNames.stream().filter(List.of("pgkeel", "coalesced")::contains).toList());
        List<Workload> workloads = Workload.all().stream().filter(w -> names.contains(w.name())).toList();
        return new IngestRounds.Plan(workloads, rounds.orElse(quick ? 2 : 5), Duration.ofSeconds(seconds.orElse(quick ? 2 : 4)), warmUp);
    }
}
