package org.pgkeel.bench.report;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/// The printed report: one table for throughput and latency, one for CPU, one for everything else, one for the goals.
public final class Report {
    private static final String DIRECT = "direct";

    private final Results results;
    private final String peer;

    /// @param peer the target that ratios are taken to
    public Report(Results results, String peer) {
        this.results = results;
        this.peer = peer;
    }

    public String text(List<Goal> goals) {
        var text = new StringBuilder();
        if (!results.samples().isEmpty()) {
            text.append("\nThroughput and latency (medians; ratios are medians of the ratios within each round)\n").append(speed());
            text.append("\nCPU in microseconds per transaction (warm: without JIT compiler threads; its ratio to ").append(peer).append(")\n").append(cpu());
        }
        if (!results.readings().isEmpty()) text.append("\nMemory and start (medians)\n").append(readings());
        if (!results.failures().isEmpty()) text.append("\nRuns that gave no figures\n").append(String.join("\n", results.failures())).append('\n');
        if (!goals.isEmpty()) text.append("\nGoals (in parentheses the middle half of the rounds)\n").append(goals(goals));
        return text.toString();
    }

    private Table speed() {
        var table = new Table("workload", "target", "tx/s", "x " + peer, "x direct", "p50 us", "p99 us", "p50 added", "p99 added");
        for (String workload : results.workloads()) {
            for (String target : results.targets(workload)) {
                table.row(workload, target,
                        median(workload, target, Sample::perSecond, 0),
                        Table.number(results.ratio(workload, target, peer, Sample::perSecond), 2),
                        Table.number(results.ratio(workload, target, DIRECT, Sample::perSecond), 2),
                        median(workload, target, Sample::p50Micros, 0),
                        median(workload, target, Sample::p99Micros, 0),
                        Table.number(results.difference(workload, target, DIRECT, Sample::p50Micros), 0),
                        Table.number(results.difference(workload, target, DIRECT, Sample::p99Micros), 0));
            }
        }
        return table;
    }

    private Table cpu() {
        var table = new Table("workload", "target", "user", "system", "all", "warm", "x " + peer, "PostgreSQL", "x " + peer, "x direct");
        ToDoubleFunction<Sample> warm = s -> s.warmProxyCpu().totalMicros();
        ToDoubleFunction<Sample> postgres = s -> s.postgresCpu().totalMicros();
        for (String workload : results.workloads()) {
            for (String target : results.targets(workload)) {
                boolean proxy = !target.equals(DIRECT);
                table.row(workload, target,
                        proxy ? median(workload, target, s -> s.proxyCpu().userMicros(), 1) : "-",
                        proxy ? median(workload, target, s -> s.proxyCpu().systemMicros(), 1) : "-",
                        proxy ? median(workload, target, s -> s.proxyCpu().totalMicros(), 1) : "-",
                        proxy ? median(workload, target, warm, 1) : "-",
                        proxy ? Table.number(results.ratio(workload, target, peer, warm), 2) : "-",
                        median(workload, target, postgres, 1),
                        Table.number(results.ratio(workload, target, peer, postgres), 2),
                        Table.number(results.ratio(workload, target, DIRECT, postgres), 2));
            }
        }
        return table;
    }

    private Table readings() {
        var table = new Table("what", "target", "median", "times");
        results.readings().stream().map(r -> List.of(r.what(), r.target())).distinct().forEach(key -> {
            long times = results.readings().stream().filter(r -> r.what().equals(key.getFirst()) && r.target().equals(key.getLast())).count();
            table.row(key.getFirst(), key.getLast(), Table.number(results.reading(key.getFirst(), key.getLast()), 1), Long.toString(times));
        });
        return table;
    }

    public static Table goals(List<Goal> goals) {
        var table = new Table("goal", "limit", "measured", "verdict");
        for (Goal goal : goals) {
            String verdict = switch (goal.verdict()) {
                case MET -> "met";
                case MISSED -> "MISSED";
                case NOT_MEASURED -> "not measured";
            };
            table.row(goal.what(), goal.limitInWords(), goal.measuredInWords(), verdict);
        }
        return table;
    }

    private String median(String workload, String target, ToDoubleFunction<Sample> figure, int decimals) {
        OptionalDouble value = results.median(workload, target, figure);
        return Table.number(value, decimals);
    }
}
