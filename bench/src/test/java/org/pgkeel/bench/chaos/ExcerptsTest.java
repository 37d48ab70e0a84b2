package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.verdict.Broken;
import org.pgkeel.bench.verdict.Buckets;
import org.pgkeel.bench.verdict.Pauses;
import org.pgkeel.bench.verdict.RoundResult;

class ExcerptsTest {
    private static final List<String> LINES = IntStream.range(0, 1_000).mapToObj(n -> "line " + n).toList();

    private final Excerpts excerpts = new Excerpts();

    private static RoundResult round(double firstServed, List<Broken> broken) {
        var pauses = new Pauses(0, 0, 0, "inserts", OptionalDouble.of(firstServed), OptionalDouble.of(firstServed), 0, 1);
        return new RoundResult(1, "some", false, 42, 4, 9, List.of(), pauses, Buckets.of(List.of(), 0, 1), 0, List.of(), broken, List.of());
    }

    private static RoundResult broken() {
        return round(0, List.of(new Broken("lost 0", "inserts", 1, "row 7")));
    }

    @Test
    void a_round_that_was_as_it_should_be_keeps_nothing() {
        assertThat(excerpts.of(round(100, List.of()), LINES)).isEmpty();
    }

    @Test
    void of_many_lines_the_first_and_the_last_are_kept_and_of_long_ones_the_beginning() {
        assertThat(excerpts.of(broken(), LINES)).hasSize(121).startsWith("line 0").endsWith("line 999").contains("line 59", "... 880 lines ...", "line 940").doesNotContain("line 60", "line 939");
        assertThat(excerpts.of(broken(), List.of("x".repeat(5_000)))).containsExactly("x".repeat(400) + "...");
    }

    @Test
    void of_slow_rounds_only_the_first_are_kept_and_of_broken_ones_all() {
        long kept = IntStream.range(0, 200).filter(_ -> !excerpts.of(round(501, List.of()), LINES).isEmpty()).count();
        assertThat(kept).isEqualTo(50);
        assertThat(excerpts.of(broken(), LINES)).isNotEmpty();
    }
}
