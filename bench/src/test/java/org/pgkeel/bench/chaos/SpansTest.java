package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.report.Goal;
import org.pgkeel.bench.report.Goal.Verdict;
import org.pgkeel.bench.verdict.Buckets;
import org.pgkeel.bench.verdict.Pauses;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.RunResult;

class SpansTest {
    @Test
    void percentiles_are_over_the_rounds_that_have_the_figure() {
        List<RoundResult> rounds = IntStream.rangeClosed(1, 100).mapToObj(n -> round(false, 0, OptionalDouble.of(n))).toList();
        Spans spans = spans(List.of(rounds, List.of(round(false, 0, OptionalDouble.empty()))).stream().flatMap(List::stream).toList());
        assertThat(spans.directOutage().millis()).hasSize(101);
        assertThat(spans.firstServed().millis()).hasSize(100);
        assertThat(spans.firstServed().percentile(50)).isEqualTo(50);
        assertThat(spans.firstServed().percentile(99)).isEqualTo(99);
        assertThat(spans.firstServed().percentile(100)).isEqualTo(100);
    }

    @Test
    void only_a_planned_switchover_is_held_against_the_direct_writer() {
        Spans spans = spans(List.of(round(true, 250, OptionalDouble.of(1)), round(false, 9_000, OptionalDouble.of(1)), round(true, 290, OptionalDouble.of(1))));
        assertThat(spans.switchoverExtra().millis()).containsExactly(250, 290);
        assertThat(spans.goals()).extracting(Goal::verdict).containsExactly(Verdict.MET, Verdict.MET, Verdict.MET);
    }

    @Test
    void each_goal_can_be_missed() {
        assertThat(verdicts(round(true, 301, OptionalDouble.of(100)))).containsExactly(Verdict.MET, Verdict.MET, Verdict.MISSED);
        assertThat(verdicts(round(true, 0, OptionalDouble.of(151)))).containsExactly(Verdict.MISSED, Verdict.MET, Verdict.MET);
        assertThat(verdicts(round(true, 0, OptionalDouble.of(100)), round(true, 0, OptionalDouble.of(501)))).containsExactly(Verdict.MET, Verdict.MISSED, Verdict.MET);
    }

    @Test
    void what_did_not_happen_is_not_measured() {
        assertThat(verdicts(round(false, 0, OptionalDouble.empty()))).containsExactly(Verdict.NOT_MEASURED, Verdict.NOT_MEASURED, Verdict.NOT_MEASURED);
    }

    @Test
    void a_round_alone_misses_what_the_slowest_may_take() {
        assertThat(List.of(round(true, 300, OptionalDouble.of(500)), round(false, 9_000, OptionalDouble.empty()))).noneMatch(Spans::misses);
        assertThat(List.of(round(true, 301, OptionalDouble.of(1)), round(false, 0, OptionalDouble.of(501)))).allMatch(Spans::misses);
    }

    private static List<Verdict> verdicts(RoundResult... rounds) {
        return spans(List.of(rounds)).goals().stream().map(Goal::verdict).toList();
    }

    private static Spans spans(List<RoundResult> rounds) {
        return Spans.of(new RunResult("pgkeel", List.of(), "", 42, rounds));
    }

    /// @param extraMillis how much longer the client's pause was than the direct writer's
    private static RoundResult round(boolean planned, double extraMillis, OptionalDouble firstServed) {
        var pauses = new Pauses(4_000 + extraMillis, 4_000, extraMillis, "inserts", firstServed, firstServed, 0, 1);
        return new RoundResult(1, "some", planned, 42, 4, 9, List.of(), pauses, Buckets.of(List.of(), 0, 1), 0, List.of(), List.of(), List.of());
    }
}
