package org.pgkeel.failover.hold;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.hold.Hold.Event.Drained;
import org.pgkeel.failover.hold.Hold.Event.NotLost;
import org.pgkeel.failover.hold.Hold.Event.PrimaryFound;
import org.pgkeel.failover.hold.Hold.Event.PrimaryLost;
import org.pgkeel.failover.hold.Hold.Event.Tick;

/// Every pair of the table in [Hold]. A hold that began at second 100, with a longest wait of 60 s.
class HoldTableTest {
    private static final Duration MAX_WAIT = Duration.ofSeconds(60);
    private static final long BEGAN = seconds(100);
    private static final Hold OPEN = Hold.OPEN;
    private static final Hold HOLDING = new Hold.Holding(BEGAN, HoldReason.PRIMARY_LOST);
    private static final Hold DRAINING = new Hold.Draining(7);
    private static final Hold REFUSING = new Hold.Refusing(BEGAN, HoldReason.PRIMARY_LOST);
    private static final Hold.Event LOST = new PrimaryLost(HoldReason.ALARM);

    private static long seconds(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    private static Hold after(Hold hold, Hold.Event event) {
        return Hold.next(hold, event, seconds(110), MAX_WAIT);
    }

    @Test
    void an_open_one_holds_from_when_the_primary_is_lost_and_nothing_else_moves_it() {
        assertThat(after(OPEN, LOST)).isEqualTo(new Hold.Holding(seconds(110), HoldReason.ALARM));
        for (Hold.Event other : List.of(new PrimaryFound(7), new NotLost(), new Drained(7), new Tick())) assertThat(after(OPEN, other)).isEqualTo(OPEN);
    }

    @Test
    void one_that_holds_counts_from_its_beginning_and_drains_when_a_primary_is_found() {
        assertThat(after(HOLDING, LOST)).isEqualTo(new Hold.Holding(BEGAN, HoldReason.ALARM));
        assertThat(after(HOLDING, new PrimaryFound(8))).isEqualTo(new Hold.Draining(8));
        assertThat(after(HOLDING, new NotLost())).isEqualTo(OPEN);
        assertThat(after(HOLDING, new Drained(7))).isEqualTo(HOLDING);
        assertThat(after(HOLDING, new Tick())).isEqualTo(HOLDING);
    }

    @Test
    void one_that_drains_is_open_when_this_reign_s_are_through_and_no_other_s() {
        assertThat(after(DRAINING, new Drained(7))).isEqualTo(OPEN);
        assertThat(after(DRAINING, new Drained(6))).isEqualTo(DRAINING);
        assertThat(after(DRAINING, new PrimaryFound(8))).isEqualTo(new Hold.Draining(8));
        assertThat(after(DRAINING, LOST)).isEqualTo(new Hold.Holding(seconds(110), HoldReason.ALARM));
        assertThat(after(DRAINING, new NotLost())).isEqualTo(DRAINING);
        assertThat(after(DRAINING, new Tick())).isEqualTo(DRAINING);
    }

    @Test
    void one_that_refuses_goes_on_until_there_is_a_primary() {
        assertThat(after(REFUSING, LOST)).isEqualTo(new Hold.Refusing(BEGAN, HoldReason.ALARM));
        assertThat(after(REFUSING, new PrimaryFound(8))).isEqualTo(new Hold.Draining(8));
        assertThat(after(REFUSING, new NotLost())).isEqualTo(OPEN);
        assertThat(after(REFUSING, new Drained(7))).isEqualTo(REFUSING);
        assertThat(after(REFUSING, new Tick())).isEqualTo(REFUSING);
    }

    @Test
    void it_refuses_from_the_very_moment_that_the_longest_wait_is_over() {
        assertThat(Hold.next(HOLDING, new Tick(), BEGAN + MAX_WAIT.toNanos() - 1, MAX_WAIT)).isEqualTo(HOLDING);
        assertThat(Hold.next(HOLDING, new Tick(), BEGAN + MAX_WAIT.toNanos(), MAX_WAIT)).isEqualTo(REFUSING);
    }

    @Test
    void a_clock_that_overflows_makes_no_hold_old() {
        Hold late = new Hold.Holding(Long.MAX_VALUE - 10, HoldReason.DOUBTED);
        assertThat(Hold.next(late, new Tick(), Long.MIN_VALUE + 10, MAX_WAIT)).isEqualTo(late);
    }

    /// Whatever happens: it is open only when a primary was found last or was never lost, and a hold's beginning never moves while it lasts.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void after_any_events_nobody_is_served_without_a_primary(long seed) {
        var random = new SplittableRandom(seed);
        Hold hold = OPEN;
        boolean primary = true;
        long now = 0;
        for (int i = 0; i < 20_000; i++) {
            now += random.nextLong(seconds(30));
            Hold before = hold;
            Hold.Event event = switch (random.nextInt(5)) {
                case 0 -> new PrimaryLost(HoldReason.values()[random.nextInt(HoldReason.values().length)]);
                case 1 -> new PrimaryFound(random.nextLong(3));
                case 2 -> new NotLost();
                case 3 -> new Drained(random.nextLong(3));
                default -> new Tick();
            };
            primary = event instanceof PrimaryLost ? false : primary || event instanceof PrimaryFound || event instanceof NotLost;
            hold = Hold.next(before, event, now, MAX_WAIT);
            boolean serves = hold instanceof Hold.Open || hold instanceof Hold.Draining;
            assertThat(serves).as("seed %d, step %d: %s after %s in %s", seed, i, hold, event, before).isEqualTo(primary);
            if (before instanceof Hold.Holding(var since, _) && hold instanceof Hold.Holding(var still, _)) assertThat(still).isEqualTo(since);
        }
    }
}
