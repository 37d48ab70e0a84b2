package org.pgkeel.bench.chaos;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.pgkeel.bench.chaos.Spans.Span;
import org.pgkeel.bench.check.Defect;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.report.Json;
import org.pgkeel.bench.report.JsonReport;
import org.pgkeel.bench.verdict.Broken;
import org.pgkeel.bench.verdict.Buckets;
import org.pgkeel.bench.verdict.LoadResult;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.RunResult;
import org.pgkeel.bench.verdict.Tally;

/// The report for machines: everything that the page shows.
final class ChaosJson {
    private static final int FINDINGS_MAX = 200;

    private ChaosJson() {}

    static String text(List<RunResult> runs) {
        return Json.write(Map.of("runs", runs.stream().map(ChaosJson::run).toList())) + "\n";
    }

    private static Map<String, Object> run(RunResult run) {
        Spans spans = Spans.of(run);
        var summary = new LinkedHashMap<String, Object>();
        for (Span span : spans.all()) {
            summary.put(span.key(), ordered("rounds", span.millis().length, "p50", span.percentile(50), "p95", span.percentile(95), "p99", span.percentile(99), "max", span.percentile(100)));
        }
        return ordered("target", run.target(), "about", run.about(), "command", run.command(), "seed", run.seed(), "broken_rounds", run.brokenRounds(),
                "workloads", run.sums().stream().map(ChaosJson::load).toList(), "summary", summary,
                "goals", spans.goals().stream().map(JsonReport::goal).toList(), "rounds", run.rounds().stream().map(ChaosJson::round).toList());
    }

    private static Map<String, Object> round(RoundResult round) {
        return ordered("round", round.number(), "scenario", round.scenario(), "seed", round.seed(), "seconds", round.seconds(), "whole_seconds", round.wholeSeconds(),
                "direct_outage_ms", round.pauses().longestDirect(), "client_pause_ms", round.pauses().longestClient(),
                "extra_ms", round.pauses().extra(), "costliest", round.pauses().costliest(),
                "first_served_ms", number(round.pauses().firstServed()), "last_served_ms", number(round.pauses().lastServed()), "hidden_ms", round.pauses().hidden(), "waited", round.pauses().waiting(),
                "broken", round.broken().stream().map(Broken::toString).toList(),
                "marks", round.marks().stream().map(m -> ordered("ms", (m.atNanos() - round.beganNanos()) / 1e6, "what", m.what())).toList(),
                "per_100_ms", buckets(round.buckets()), "workloads", round.loads().stream().map(ChaosJson::load).toList());
    }

    private static Map<String, Object> load(LoadResult load) {
        Tally tally = load.tally();
        var defects = new LinkedHashMap<String, Object>();
        for (Defect defect : Defect.values()) defects.put(defect.name().toLowerCase(Locale.ROOT), Finding.count(load.findings(), defect));
        return ordered("workload", load.name(), "acknowledged", tally.acknowledged(), "retried", tally.retried(), "autocommit_errors", tally.autocommitErrors(),
                "transaction_errors", tally.transactionErrors(), "unknown", tally.unknown(), "closed", tally.closed(), "no_answer", tally.hung(), "defects", defects,
                "findings", load.findings().stream().limit(FINDINGS_MAX).map(Finding::what).toList());
    }

    private static Map<String, Object> buckets(Buckets buckets) {
        return ordered("acknowledged", Arrays.stream(buckets.count()).boxed().toList(), "p50_ms", Arrays.stream(buckets.p50Millis()).boxed().toList(),
                "p99_ms", Arrays.stream(buckets.p99Millis()).boxed().toList(), "max_ms", Arrays.stream(buckets.maxMillis()).boxed().toList());
    }

    private static double number(OptionalDouble value) {
        return value.orElse(Double.NaN);
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < keysAndValues.length; i += 2) map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        return map;
    }
}
