package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.ProxyProgram;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.report.Results;
import org.pgkeel.bench.report.Sample;

/// The rounds of a comparison. In each round every workload meets every target, one right after the other and each round
/// in another order, so that a change in the machine's mood meets all of them. A run that fails is noted, and the others go on.
///
/// Threading: confined to one thread.
final class Comparison {
    /// @param rounds      of every workload
    /// @param time        of one measured run
    /// @param warmUp      transactions through PgKeel before the first round
    /// @param idleClients steps of the memory measurement; empty leaves it out
    /// @param starts      how often the start to the first query is measured
    /// @param manner      how the targets of a round follow one another
    record Plan(List<Workload> workloads, int rounds, Duration time, long warmUp, List<Integer> idleClients, int starts, Manner manner) {}

    enum Manner {
        ONE_AFTER_ANOTHER,
        /// See [Turns]; the proxies have a core of their own, see [Cores].
        IN_TURNS
    }

    /// Fills PostgreSQL's buffers and opens the backend connections; more warms nothing in a C program.
    private static final long NATIVE_WARM_UP = 20_000;

    private final Plan plan;
    private final PostgresServer postgres;
    private final PgbenchRun pgbench;
    private final Turns turns;
    private final Results results = new Results();

    Comparison(Plan plan, PostgresServer postgres, Path logFolder) {
        this.plan = plan;
        this.postgres = postgres;
        this.pgbench = new PgbenchRun(postgres, logFolder, target -> switch (plan.manner()) {
            case ONE_AFTER_ANOTHER -> PostgresServer.DATABASE;
            case IN_TURNS -> Turns.database(target.name());
        });
        this.turns = new Turns(postgres, pgbench);
    }

    /// @param targets  running: PostgreSQL itself and proxies
    /// @param programs the proxies again, to start fresh ones
    Results run(List<Target> targets, List<ProxyProgram> programs) throws InterruptedException, IOException {
        if (!plan.workloads().isEmpty()) {
            targets.forEach(this::warmUp);
            if (plan.manner() == Manner.IN_TURNS) Cores.separate(targets);
            for (int round = 1; round <= plan.rounds(); round++) round(round, targets);
        }
        for (int start = 1; start <= plan.starts(); start++) firstQueries(start, programs);
        if (!plan.idleClients().isEmpty()) idleMemory(programs);
        return results;
    }

    /// A JVM compiles what runs often, so every kind of traffic has its share.
    private void warmUp(Target target) {
        long transactions = switch (target.code()) {
            case NATIVE -> Math.min(plan.warmUp(), NATIVE_WARM_UP);
            case JVM -> plan.warmUp();
        };
        say("warm-up %s: %,d transactions", target.name(), transactions);
        for (Workload workload : Workload.all()) {
            double share = switch (workload.name()) {
                case "simple-16" -> 0.4;
                case "extended-16", "prepared-16" -> 0.28;
                case "tpcb-16" -> 0.03;
                case "connect-scram" -> 0.003;
                default -> 0;
            };
            if (share == 0) continue;
            try {
                pgbench.warmUp(workload, target, (long) (share * transactions));
            } catch (IOException e) {
                say("  warm-up of %s with %s failed: %s", target.name(), workload.name(), e.getMessage());
            }
        }
    }

    private void round(int round, List<Target> targets) throws InterruptedException {
        for (Workload workload : plan.workloads()) {
            switch (plan.manner()) {
                case ONE_AFTER_ANOTHER -> oneAfterAnother(workload, round, targets);
                case IN_TURNS -> inTurns(workload, round, targets);
            }
        }
    }

    private void inTurns(Workload workload, int round, List<Target> targets) throws InterruptedException {
        try {
            turns.measure(workload, rotated(targets, round), round, plan.time()).forEach(sample -> add(workload, sample));
        } catch (IOException e) {
            fail(workload.name(), "all targets in turns", e.getMessage());
        }
    }

    private void oneAfterAnother(Workload workload, int round, List<Target> targets) {
        for (Target target : rotated(targets, round)) {
            if (workload.needsPool() && target.proxyPid().isEmpty()) continue;
            try {
                add(workload, pgbench.measure(workload, target, round, plan.time()));
            } catch (IOException e) {
                fail(workload.name(), target.name(), e.getMessage());
            }
        }
    }

    private void add(Workload workload, Sample sample) {
        results.add(sample);
        String latency = Double.isNaN(sample.p50Micros()) ? "" : String.format(Locale.ROOT, "p50 %,7.0f us  p99 %,8.0f us  ", sample.p50Micros(), sample.p99Micros());
        say("round %d/%d  %-14s %-12s %,9.0f tx/s  %sproxy %6.1f us/tx (warm %.1f)  PostgreSQL %6.1f us/tx%s",
                sample.round(), plan.rounds(), workload.name(), sample.target(), sample.perSecond(), latency,
                sample.proxyCpu().totalMicros(), sample.warmProxyCpu().totalMicros(), sample.postgresCpu().totalMicros(),
                sample.failed() == 0 ? "" : "  FAILED: " + sample.failed());
        if (sample.failed() > 0) fail(workload.name(), sample.target(), sample.failed() + " transactions failed");
    }

    private void firstQueries(int start, List<ProxyProgram> programs) {
        for (ProxyProgram program : rotated(programs, start)) {
            try {
                new FirstQuery(postgres.login()).measure(program, start, results);
            } catch (IOException e) {
                fail("start to first query", program.name(), e.getMessage());
            }
        }
        say("start to first query: %d of %d done", start, plan.starts());
    }

    private void idleMemory(List<ProxyProgram> programs) throws InterruptedException {
        for (ProxyProgram program : programs) {
            say("memory of %s with %s idle clients", program.name(), plan.idleClients());
            try {
                new IdleMemory(postgres.login(), plan.idleClients()).measure(program, 1, results);
            } catch (IOException e) {
                fail("idle memory", program.name(), e.getMessage());
            }
        }
    }

    static <T> List<T> rotated(List<T> all, int by) {
        var rotated = new ArrayList<>(all);
        Collections.rotate(rotated, -by);
        return rotated;
    }

    private void fail(String what, String target, String why) {
        String line = what + ", " + target + ": " + why;
        say("FAILED  %s", line);
        results.addFailure(line);
    }

    private static void say(String format, Object... arguments) {
        System.err.printf(Locale.ROOT, format + "%n", arguments);
    }
}
