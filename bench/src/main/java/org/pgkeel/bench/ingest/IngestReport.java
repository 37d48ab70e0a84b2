package org.pgkeel.bench.ingest;

import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.report.Report;
import org.pgkeel.bench.report.Results;
import org.pgkeel.bench.report.Sample;
import org.pgkeel.bench.report.Table;

/// The printed report: a line for each workload and contender, then the goals.
final class IngestReport {
    private final Results results;

    IngestReport(Results results) {
        this.results = results;
    }

    String text(List<Goal> goals, Optional<String> freeze) {
        var text = new StringBuilder();
        if (!results.samples().isEmpty()) {
            text.append("\nRows, time to acknowledgement, CPU (medians; ratios are medians of the ratios within each round; proxy without JIT compiler threads)\n").append(table());
        }
        freeze.ifPresent(said -> text.append("\nPostgreSQL stopped in the middle of the storm\n").append(said).append('\n'));
        if (!results.failures().isEmpty()) text.append("\nRuns that gave no figures\n").append(String.join("\n", results.failures())).append('\n');
        if (!goals.isEmpty()) text.append("\nGoals\n").append(Report.goals(goals));
        return text.toString();
    }

    private Table table() {
        var table = new Table("workload", "target", "rows/s", "x direct", "p50 us", "p99 us", "p99.9 us", "PostgreSQL us/row", "x direct", "WAL B/row", "proxy us/row", "bench us/row", "proxy MiB");
        for (String workload : results.workloads()) {
            for (String target : results.targets(workload)) {
                ToDoubleFunction<Sample> postgres = s -> s.postgresCpu().totalMicros();
                table.row(workload, target,
                        median(workload, target, Sample::perSecond, 0), ratio(workload, target, Sample::perSecond, 2),
                        median(workload, target, Sample::p50Micros, 0), median(workload, target, Sample::p99Micros, 0), extra(Figures.Extra.P999, workload, target, 0),
                        median(workload, target, postgres, 1), ratio(workload, target, postgres, 3),
                        extra(Figures.Extra.WAL, workload, target, 0), median(workload, target, s -> s.warmProxyCpu().totalMicros(), 1),
                        extra(Figures.Extra.GENERATOR, workload, target, 1), extra(Figures.Extra.RESIDENT, workload, target, 0));
            }
        }
        return table;
    }

    private String median(String workload, String target, ToDoubleFunction<Sample> figure, int decimals) {
        return Table.number(results.median(workload, target, figure), decimals);
    }

    private String ratio(String workload, String target, ToDoubleFunction<Sample> figure, int decimals) {
        return Table.number(results.ratio(workload, target, "direct", figure), decimals);
    }

    private String extra(Figures.Extra extra, String workload, String target, int decimals) {
        return Table.number(results.reading(extra.of(workload), target), decimals);
    }
}
