package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HungerTest {
    private static final long MILLISECOND = 1_000_000;

    private final Hunger hunger = new Hunger(3);

    @Test
    void a_connection_goes_to_whoever_has_waited_longest() {
        hunger.begins(0, 30 * MILLISECOND);
        hunger.begins(2, 20 * MILLISECOND);

        assertThat(hunger.greaterThanOf(1, Hunger.NOBODY)).isEqualTo(2);
        assertThat(hunger.greaterThanOf(2, Hunger.NOBODY)).as("not to the slice itself").isEqualTo(0);
    }

    @Test
    void a_slice_keeps_its_connection_while_its_own_client_has_waited_about_as_long() {
        hunger.begins(0, 20 * MILLISECOND);

        assertThat(hunger.greaterThanOf(1, 22 * MILLISECOND)).isEqualTo(-1);
        assertThat(hunger.greaterThanOf(1, 22 * MILLISECOND + 1)).isEqualTo(0);
    }

    @Test
    void it_begins_once_and_goes_on_with_the_next_client() {
        assertThat(hunger.begins(0, 20 * MILLISECOND)).isTrue();
        assertThat(hunger.begins(0, 20 * MILLISECOND)).isFalse();
        hunger.nextWaits(0, 40 * MILLISECOND);

        assertThat(hunger.greaterThanOf(1, 30 * MILLISECOND)).isEqualTo(-1);
        assertThat(hunger.greaterThanOf(1, 50 * MILLISECOND)).isEqualTo(0);
    }

    @Test
    void who_is_not_hungry_does_not_become_so_by_waiting() {
        hunger.nextWaits(0, 20 * MILLISECOND);
        hunger.ends(0);

        assertThat(hunger.isOf(0)).isFalse();
        assertThat(hunger.isNobodys()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void it_is_nobodys_exactly_if_it_is_of_no_slice(long seed) {
        var random = new Random(seed);
        for (int step = 0; step < 5_000; step++) {
            int slice = random.nextInt(3);
            switch (random.nextInt(3)) {
                case 0 -> hunger.begins(slice, random.nextLong(100 * MILLISECOND));
                case 1 -> hunger.nextWaits(slice, random.nextLong(100 * MILLISECOND));
                default -> hunger.ends(slice);
            }
            boolean any = hunger.isOf(0) || hunger.isOf(1) || hunger.isOf(2);
            assertThat(hunger.isNobodys()).as("seed %d, step %d", seed, step).isEqualTo(!any);
        }
    }
}
