package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.verdict.Broken;

class UnknownReasonsTest {
    private static final String METRICS = """
            # TYPE pgkeel_outcomes counter
            pgkeel_outcomes_total{cluster="main",outcome="aborted",reason="beyond_switch"} 7.0
            pgkeel_outcomes_total{cluster="main",outcome="unknown",reason="crash_unseen"} 2.0
            pgkeel_outcomes_total{cluster="main",outcome="unknown",reason="mark_not_received"} 12.0
            pgkeel_outcomes_total{cluster="other",outcome="unknown",reason="mark_not_received"} 1.0
            """;

    @Test
    void what_was_unknown_is_read_by_its_reason() {
        assertThat(UnknownReasons.in(METRICS)).isEqualTo(Map.of("crash_unseen", 2L, "mark_not_received", 13L));
    }

    @Test
    void only_what_the_algorithm_does_not_give_is_broken_and_only_once() {
        Map<String, Long> now = UnknownReasons.in(METRICS);
        assertThat(UnknownReasons.since(Map.of(), now, "pgkeel-1")).containsExactly(new Broken("08007 only where the algorithm says it must", "pgkeel-1", 2, "crash_unseen"));
        assertThat(UnknownReasons.since(Map.of("crash_unseen", 1L), now, "pgkeel-1")).extracting(Broken::times).containsExactly(1L);
        assertThat(UnknownReasons.since(now, now, "pgkeel-1")).isEmpty();
        assertThat(UnknownReasons.since(Map.of("crash_unseen", 9L), now, "pgkeel-1")).as("it was started anew").extracting(Broken::times).containsExactly(2L);
    }
}
