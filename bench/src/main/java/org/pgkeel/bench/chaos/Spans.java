package org.pgkeel.bench.chaos;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.report.Goal.Bound;
import org.pgkeel.bench.report.Statistics;
import org.pgkeel.bench.verdict.Pauses;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.RunResult;

/// How long things took over the rounds of a run, and the goals for that.
///
/// @param firstServed     of the rounds with a failover that clients waited for, from "the new primary accepts writes and can be seen"
/// @param switchoverExtra of the rounds with a planned switchover: a client's longest pause less the direct writer's
record Spans(Span directOutage, Span clientPause, Span firstServed, Span lastServed, Span switchoverExtra) {
    private static final double FIRST_SERVED_P50_MAX = 150;
    private static final double FIRST_SERVED_P99_MAX = 500;
    private static final double SWITCHOVER_EXTRA_MAX = 300;

    /// @param key    in the JSON report
    /// @param what   in words
    /// @param millis one for each round that has it
    record Span(String key, String what, double... millis) {
        /// NaN of no rounds.
        double percentile(double percent) {
            return Statistics.percentile(percent, millis);
        }

        private OptionalDouble measured(double percent) {
            return millis.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(percentile(percent));
        }
    }

    static Spans of(RunResult run) {
        List<RoundResult> rounds = run.rounds();
        return new Spans(new Span("direct_outage_ms", "outage of the direct writer", each(rounds, Pauses::longestDirect)),
                new Span("client_pause_ms", "longest pause of a client", each(rounds, Pauses::longestClient)),
                new Span("first_served_ms", "new primary accepts writes and can be seen, to first client served", present(rounds, Pauses::firstServed)),
                new Span("last_served_ms", "new primary accepts writes and can be seen, to last client served", present(rounds, Pauses::lastServed)),
                new Span("switchover_extra_ms", "planned switchover: what it cost a client over the direct writer", each(rounds.stream().filter(RoundResult::planned).toList(), Pauses::extra)));
    }

    List<Span> all() {
        return List.of(directOutage, clientPause, firstServed, lastServed, switchoverExtra);
    }

    List<Goal> goals() {
        return List.of(new Goal("first held client served, p50, ms", Bound.AT_MOST, FIRST_SERVED_P50_MAX, firstServed.measured(50)),
                new Goal("first held client served, p99, ms", Bound.AT_MOST, FIRST_SERVED_P99_MAX, firstServed.measured(99)),
                new Goal("planned switchover, what it cost a client over the direct writer, longest, ms", Bound.AT_MOST, SWITCHOVER_EXTRA_MAX, switchoverExtra.measured(100)));
    }

    /// Whether a round alone is beyond what the slowest may be.
    static boolean misses(RoundResult round) {
        return round.pauses().firstServed().orElse(0) > FIRST_SERVED_P99_MAX || round.planned() && round.pauses().extra() > SWITCHOVER_EXTRA_MAX;
    }

    private static double[] each(List<RoundResult> rounds, ToDoubleFunction<Pauses> figure) {
        return rounds.stream().map(RoundResult::pauses).mapToDouble(figure).toArray();
    }

    private static double[] present(List<RoundResult> rounds, Function<Pauses, OptionalDouble> figure) {
        return rounds.stream().map(RoundResult::pauses).map(figure).flatMapToDouble(OptionalDouble::stream).toArray();
    }
}
