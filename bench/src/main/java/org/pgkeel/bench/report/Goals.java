package org.pgkeel.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.pgkeel.bench.report.Goal.Bound;

/// The list of goals. Judged are the runs in which the cores are busy (16 clients and more); with one client the
/// proxy mostly sleeps and wakes up, there the added latency is judged instead.
public final class Goals {
    private static final ToDoubleFunction<Sample> WARM_CPU = s -> s.warmProxyCpu().totalMicros();
    private static final ToDoubleFunction<Sample> POSTGRES_CPU = s -> s.postgresCpu().totalMicros();
    private static final List<String> LIKE_PGBOUNCER = List.of("simple-16", "simple-100", "tpcb-16", "many-simple", "many-prepared");
    private static final List<String> BETTER_THAN_PGBOUNCER = List.of("prepared-16", "prepared-100");
    private static final List<String> READS = List.of("simple-16", "extended-16", "prepared-16");
    private static final List<String> STEADY = List.of("simple-16", "extended-16", "prepared-16", "tpcb-16");

    private Goals() {}

    /// @param target the PgKeel to judge
    /// @param peer   the PgBouncer to judge it by
    public static List<Goal> of(Results results, String target, String peer) {
        var goals = new ArrayList<Goal>();
        LIKE_PGBOUNCER.forEach(w -> goals.add(ratio(results, "proxy CPU per transaction", w, target, peer, WARM_CPU, Bound.AT_MOST, 1.10)));
        BETTER_THAN_PGBOUNCER.forEach(w -> goals.add(ratio(results, "proxy CPU per transaction", w, target, peer, WARM_CPU, Bound.AT_MOST, 0.90)));
        LIKE_PGBOUNCER.forEach(w -> goals.add(ratio(results, "throughput", w, target, peer, Sample::perSecond, Bound.AT_LEAST, 0.97)));
        BETTER_THAN_PGBOUNCER.forEach(w -> goals.add(ratio(results, "throughput", w, target, peer, Sample::perSecond, Bound.AT_LEAST, 1.05)));
        goals.add(new Goal("p50 added to a direct connection, simple-1, us", Bound.AT_MOST, 35,
                results.difference("simple-1", target, "direct", Sample::p50Micros)));
        goals.add(ratio(results, "PostgreSQL's CPU per transaction", "extended-16", target, peer, POSTGRES_CPU, Bound.AT_MOST, 0.70));
        goals.add(ratio(results, "PostgreSQL's CPU per transaction", "extended-16", target, "direct", POSTGRES_CPU, Bound.AT_MOST, 0.70));
        goals.add(new Goal(Readings.memory(5_000), Bound.AT_MOST, 128, results.reading(Readings.memory(5_000), target)));
        goals.add(new Goal(Readings.FIRST_QUERY, Bound.AT_MOST, 1_200, results.reading(Readings.FIRST_QUERY, target)));
        return goals;
    }

    /// What the steady state costs with what only a failover, or a replica, needs.
    ///
    /// @param plain     knows one server
    /// @param watched   has topology and hold
    /// @param routed    has topology, hold and routing
    /// @param pipelined as `watched`, and follows outcomes
    public static List<Goal> ofWatched(Results results, String plain, String watched, String routed, String pipelined) {
        var goals = new ArrayList<Goal>();
        STEADY.forEach(w -> goals.add(ratio(results, "proxy CPU per transaction, " + routed, w, routed, plain, WARM_CPU, Bound.AT_MOST, 1.05)));
        READS.forEach(w -> goals.add(ratio(results, "proxy CPU per read, " + pipelined, w, pipelined, watched, WARM_CPU, Bound.AT_MOST, 1.02)));
        return goals;
    }

    private static Goal ratio(Results results, String what, String workload, String target, String peer,
                              ToDoubleFunction<Sample> figure, Bound bound, double limit) {
        return new Goal(what + ", " + workload + ", times " + peer, bound, limit, results.ratio(workload, target, peer, figure), results.spread(workload, target, peer, figure));
    }
}
