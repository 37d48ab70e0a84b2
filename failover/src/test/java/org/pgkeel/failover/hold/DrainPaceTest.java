package org.pgkeel.failover.hold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrainPaceTest {
    @Test
    void a_full_round_doubles_it() {
        DrainPace pace = DrainPace.start(2).leased().leased();
        assertThat(pace.mayLease()).isFalse();
        assertThatThrownBy(pace::leased).isInstanceOf(IllegalStateException.class);
        pace = pace.released();
        assertThat(pace).isEqualTo(new DrainPace(2, 1, 1));
        pace = pace.released();
        assertThat(pace).isEqualTo(new DrainPace(4, 0, 0));
    }

    @Test
    void what_is_not_back_yet_counts_in_the_next_round_too() {
        DrainPace pace = DrainPace.start(2).leased().leased().released().leased().released();
        assertThat(pace).isEqualTo(new DrainPace(4, 1, 0));
        assertThat(pace.leased().leased().leased().mayLease()).isFalse();
    }

    @Test
    void nobody_is_kept_back_when_it_has_become_fast() {
        DrainPace pace = new DrainPace(DrainPace.UNLIMITED_FROM, 0, 0);
        for (int i = 0; i < 3 * DrainPace.UNLIMITED_FROM; i++) pace = pace.leased();
        for (int i = 0; i < 3 * DrainPace.UNLIMITED_FROM; i++) pace = pace.released();
        assertThat(pace.out()).isZero();
        assertThat(pace.isUnlimited()).isTrue();
    }

    @Test
    void it_begins_with_one_at_least_and_no_lease_comes_back_that_was_never_out() {
        assertThat(DrainPace.start(0).permits()).isEqualTo(1);
        assertThatThrownBy(() -> DrainPace.start(3).released()).isInstanceOf(IllegalArgumentException.class);
    }

    /// At most `permits` are out, the pace never falls, and it can never get stuck: what is out comes back, and then one may go.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void the_laws_hold_over_any_order_of_leases(long seed) {
        var random = new SplittableRandom(seed);
        DrainPace pace = DrainPace.start(1 + random.nextInt(20));
        int out = 0;
        for (int i = 0; i < 50_000; i++) {
            DrainPace before = pace;
            if (random.nextBoolean() && pace.mayLease()) {
                pace = pace.leased();
                out++;
            } else if (out > 0) {
                pace = pace.released();
                out--;
            }
            assertThat(pace.out()).as("seed %d, step %d", seed, i).isEqualTo(out);
            assertThat(pace.permits()).isGreaterThanOrEqualTo(before.permits());
            if (!pace.isUnlimited()) assertThat(out).isLessThanOrEqualTo(pace.permits());
            if (out == 0) assertThat(pace.mayLease()).isTrue();
        }
    }
}
