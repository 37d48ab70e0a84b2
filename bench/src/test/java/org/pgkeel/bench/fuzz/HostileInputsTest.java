package org.pgkeel.bench.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HostileInputsTest {
    private static final long SEED = 42;
    private final HostileInputs inputs = new HostileInputs(SEED, "fuzz", "bench");

    @Test
    void seed_and_index_make_the_same_input_again() {
        var again = new HostileInputs(SEED, "fuzz", "bench");

        LongStream.range(0, 2_000).forEach(i -> assertThat(again.input(i)).hasToString(inputs.input(i).toString()));
    }

    @Test
    void another_seed_makes_other_inputs_but_for_the_shortest() {
        var other = new HostileInputs(SEED + 1, "fuzz", "bench");

        assertThat(LongStream.range(0, 1_000).filter(i -> other.input(i).hex().equals(inputs.input(i).hex())).count()).isLessThan(100);
    }

    @Test
    void every_phase_and_every_ending_occurs() {
        var seen = new HashSet<Object>();
        LongStream.range(0, 2_000).mapToObj(inputs::input).forEach(input -> {
            seen.add(input.phase());
            seen.add(input.ending());
        });

        assertThat(seen).contains((Object[]) HostileInput.Phase.values()).contains((Object[]) HostileInput.Ending.values());
    }

    @Test
    void every_input_writes_something() {
        LongStream.range(0, 20_000).mapToObj(inputs::input)
                .forEach(input -> assertThat(input.writes()).as(input.toString()).isNotEmpty());
    }
}
