package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.verdict.Mark;
import org.pgkeel.bench.verdict.Return;

class HoldsTest {
    private static final List<String> LOG = List.of(
            "2026-11-26 04:53:04.320 WARN  [pgkeel-cluster-4-1] ClusterWatch: cluster main: no primary (switchover): the leader key of n2 is lost",
            "2026-11-26 04:53:04.323 INFO  [pgkeel-cluster-4-1] Gates: cluster main: hold begins: doubted; 20 backends are open, 0 clients wait",
            "2026-11-26 04:53:04.330 INFO  [pgkeel-cluster-4-1] Gates: cluster main: hold goes on: switchover; 20 backends are open, 3 clients wait",
            "\tat org.example.Some.method(Some.java)",
            "2026-11-26 04:53:06.560 INFO  [pgkeel-cluster-4-1] ClusterWatch: cluster main: primary is n2 (127.0.1.2:37387), reign 6 of 127.0.1.2:37387 on timeline 6",
            "2026-11-26 04:53:06.561 INFO  [pgkeel-cluster-4-1] Gates: cluster main: hold ends after 2237 ms: primary reign 6 of 127.0.1.2:37387 on timeline 6; 21 held, 0 refused, 0 gone, 21 wait",
            "2026-11-26 04:53:07.149 INFO  [pgkeel-cluster-4-1] AcknowledgedLosses: cluster main: 127.0.1.2:37387 has all 2027 transactions acknowledged lately");

    /// Nanoseconds of the minute.
    private static long nanos(LocalDateTime at) {
        return at.getSecond() * 1_000_000_000L + at.atOffset(ZoneOffset.UTC).getNano();
    }

    @Test
    void a_hold_begins_sees_a_primary_and_ends() {
        assertThat(Holds.in(LOG, HoldsTest::nanos)).containsExactly(new Mark(4_323_000_000L, "hold begins: doubted"), new Mark(4_330_000_000L, "hold goes on: switchover"),
                new Mark(6_560_000_000L, "primary is n2"), new Mark(6_561_000_000L, "hold ends"));
    }

    @Test
    void the_phases_of_a_switchover_are_told_around_the_moment_when_the_new_primary_accepts_writes() {
        assertThat(ChaosReport.phases(new Return(6, "n2", 4_400_000_000L, 6_550_000_000L), Holds.in(LOG, HoldsTest::nanos)))
                .endsWith(": hold begins: doubted -2227, hold goes on: switchover -2220, the direct writer's last success -2150, primary is n2 +10, hold ends +11");
    }
}
