package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.Defect;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.verdict.Broken;
import org.pgkeel.bench.verdict.Buckets;
import org.pgkeel.bench.verdict.Hidden;
import org.pgkeel.bench.verdict.LoadResult;
import org.pgkeel.bench.verdict.Mark;
import org.pgkeel.bench.verdict.Pauses;
import org.pgkeel.bench.verdict.Return;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.RunResult;
import org.pgkeel.bench.verdict.Tally;

class ChaosReportTest {
    private static final long MILLI = 1_000_000;

    @Test
    void the_page_tells_the_verdict_the_counts_and_the_pauses() {
        String page = ChaosReport.page(List.of(run("pgkeel", List.of()), run("pgbouncer", List.of(new Broken("lost 0", "inserts", 1, "row 7")))));
        assertThat(page).contains("every promise held in 1 rounds", "a promise was broken in 1 of 1 rounds", "Side by side", "kill -9 &lt;primary&gt;", "<svg", "row 7", "57P01: 1");
        assertThat(page).doesNotContain("<primary>").doesNotContain("NaN");
    }

    @Test
    void the_json_tells_the_same() {
        String json = ChaosJson.text(List.of(run("pgkeel", List.of())));
        assertThat(json).contains("\"target\":\"pgkeel\"", "\"first_served_ms\":30.000", "\"lost\":1", "\"57P01\":1", "\"client_pause_ms\":2040.000", "\"hidden_ms\":10.000",
                "\"first_served_ms\":{\"rounds\":1,\"p50\":30.000,\"p95\":30.000,\"p99\":30.000,\"max\":30.000}", "\"switchover_extra_ms\":{\"rounds\":1,\"p50\":46.000",
                "{\"goal\":\"first held client served, p50, ms\",\"limit\":\"<= 150.00\",\"measured\":30.000,\"verdict\":\"met\"}");
    }

    @Test
    void the_terminal_sees_what_was_broken() {
        assertThat(ChaosReport.text(run("pgkeel", List.of(new Broken("lost 0", "inserts", 1, "row 7"))))).contains("inserts: lost 0, 1 times, for example row 7");
    }

    /// Work as usual for a second, an outage of two, and work as usual.
    private static RunResult run(String target, List<Broken> broken) {
        var random = new SplittableRandom(7);
        var operations = new ArrayList<Operation>();
        for (long at = 0; at < 4_000; at += 5) {
            boolean out = at > 1_000 && at < 3_000;
            if (out && at > 1_100) continue;
            long end = out ? 3_040 + random.nextInt(100) : at + 1 + random.nextInt(6);
            operations.add(new Operation(1, Kind.INSERT, 0, at, at * MILLI, at * MILLI, end * MILLI, Acknowledged.wrote(at, out || at >= 3_000 ? 2 : 1)));
        }
        operations.add(new Operation(1, Kind.INSERT, 0, 1, 1_001 * MILLI, 1_001 * MILLI, 3_040 * MILLI + MILLI, Acknowledged.wrote(1, 2)));
        operations.add(new Operation(1, Kind.INSERT, 0, 2, 1_000 * MILLI, 1_000 * MILLI, 3_040 * MILLI, Acknowledged.wrote(1, 2)));
        operations.add(new Operation(1, Kind.INSERT, 0, 3, 1_000 * MILLI, 1_000 * MILLI, 3_040 * MILLI, new Outcome.Failed("57P01")));
        operations.removeIf(o -> o.acknowledged() && o.finishedAt() - o.invokedAt() > 2_040 * MILLI);
        Pauses pauses = Pauses.of(Map.of("inserts", operations), new Pauses.Gap(1_990, 0), Optional.of(new Return(2, "n2", 1_000 * MILLI, 3_000 * MILLI)), List.of(new Hidden(Optional.of("n2"), 2_900 * MILLI, 3_010 * MILLI)));
        var load = new LoadResult("inserts", Tally.of(operations), List.of(new Finding(Defect.LOST, "row 7 is gone", Optional.empty())));
        var round = new RoundResult(1, "kill -9 <primary>", true, 42, 4, 9, List.of(load), pauses, Buckets.of(operations, 0, 4_000 * MILLI), 0,
                List.of(new Mark(1_000 * MILLI, "kill -9 <primary>"), new Mark(3_000 * MILLI, "timeline 2 accepts writes")), broken, List.of());
        return new RunResult(target, List.of("PgKeel 0.1"), "bench/bin/chaos --seed 42", 42, List.of(round));
    }
}
