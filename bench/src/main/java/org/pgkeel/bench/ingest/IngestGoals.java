package org.pgkeel.bench.ingest;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.report.Goal.Bound;
import org.pgkeel.bench.report.Results;
import org.pgkeel.bench.report.Sample;

/// What coalescing has to reach.
final class IngestGoals {
    static final String COALESCED = "coalesced";
    private static final String DIRECT = "direct";
    private static final String PLAIN = "pgkeel";
    private static final String COPY = "copy";
    private static final ToDoubleFunction<Sample> POSTGRES_CPU = s -> s.postgresCpu().totalMicros();

    private IngestGoals() {}

    /// @param slowCommits whether a synchronous replica makes each commit slow
    static List<Goal> of(Results results, boolean slowCommits) {
        var goals = new ArrayList<Goal>();
        goals.add(ratio(results, "PostgreSQL's CPU per row", "pgjdbc-128", DIRECT, POSTGRES_CPU, Bound.AT_MOST, 1.0 / 6));
        goals.add(ratio(results, "PostgreSQL's CPU per row", "pgjdbc-512", DIRECT, POSTGRES_CPU, Bound.AT_MOST, 1.0 / 15));
        goals.add(ratio(results, "rows per second", "pgjdbc-32", DIRECT, Sample::perSecond, Bound.AT_LEAST, 2.5));
        goals.add(ratio(results, "rows per second", "pgjdbc-128", DIRECT, Sample::perSecond, Bound.AT_LEAST, slowCommits ? 6 : 3.5));
        goals.add(ratio(results, "rows per second", "pgjdbc-512", DIRECT, Sample::perSecond, Bound.AT_LEAST, 6));
        for (String workload : List.of("pgjdbc-128", "pgjdbc-512")) {
            goals.add(new Goal("proxy CPU per row, us, " + workload, Bound.AT_MOST, 12, results.median(workload, COALESCED, s -> s.warmProxyCpu().totalMicros())));
            goals.add(ratio(results, "rows per second", workload, COPY, Sample::perSecond, Bound.AT_LEAST, 0.7));
        }
        goals.add(ratio(results, "p99 to acknowledgement at equal load", "pgjdbc-32-paced", DIRECT, Sample::p99Micros, Bound.AT_MOST, 1));
        goals.add(ratio(results, "p99 to acknowledgement at equal load", "pgjdbc-128-paced", DIRECT, Sample::p99Micros, Bound.AT_MOST, 1));
        goals.add(ratio(results, "p50 to acknowledgement", "pgjdbc-1", PLAIN, Sample::p50Micros, Bound.AT_MOST, 1.05));
        return goals;
    }

    private static Goal ratio(Results results, String what, String workload, String peer, ToDoubleFunction<Sample> figure, Bound bound, double limit) {
        return new Goal(what + ", " + workload + ", times " + peer, bound, limit, results.ratio(workload, COALESCED, peer, figure));
    }
}
