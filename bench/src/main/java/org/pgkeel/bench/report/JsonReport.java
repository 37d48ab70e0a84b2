package org.pgkeel.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The whole comparison for machines: every sample, every reading, every goal.
public final class JsonReport {
    private JsonReport() {}

    /// @param about what was compared with which options
    public static String text(Map<String, Object> about, Results results, List<Goal> goals) {
        var document = new LinkedHashMap<String, Object>(about);
        document.put("samples", results.samples().stream().map(JsonReport::sample).toList());
        document.put("readings", results.readings().stream()
                .map(r -> ordered("what", r.what(), "target", r.target(), "round", r.round(), "value", r.value()))
                .toList());
        document.put("failures", results.failures());
        document.put("goals", goals.stream().map(JsonReport::goal).toList());
        return Json.write(document) + "\n";
    }

    private static Map<String, Object> sample(Sample s) {
        return ordered("workload", s.workload(), "target", s.target(), "round", s.round(),
                "tx_per_second", s.perSecond(), "failed", s.failed(),
                "proxy_user_us", s.proxyCpu().userMicros(), "proxy_system_us", s.proxyCpu().systemMicros(),
                "compiler_us", s.compilerCpu().totalMicros(),
                "postgres_user_us", s.postgresCpu().userMicros(), "postgres_system_us", s.postgresCpu().systemMicros(),
                "p50_us", s.p50Micros(), "p99_us", s.p99Micros());
    }

    /// One goal, as it stands in the report of any bench.
    public static Map<String, Object> goal(Goal goal) {
        Map<String, Object> told = ordered("goal", goal.what(), "limit", goal.limitInWords(), "measured", goal.measured().orElse(Double.NaN),
                "verdict", goal.verdict().name().toLowerCase(Locale.ROOT));
        goal.spread().ifPresent(half -> told.put("middle_half", List.of(half.from(), half.to())));
        return told;
    }

    /// A map that keeps its order, from keys and values in turn.
    private static Map<String, Object> ordered(Object... keysAndValues) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < keysAndValues.length; i += 2) map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        return map;
    }
}
