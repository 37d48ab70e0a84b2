package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Every pace with every event.
class OpenAttemptsTest {
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final PoolWorld world = new PoolWorld(1, PoolWorld.max(3));
    private int begun;
    private final OpenAttempts<FakeConnection> attempts = new OpenAttempts<>(world.slice(0), _ -> begun++);

    @BeforeEach
    void retries_after_a_second() {
        assertThat(world.pool.settings().timeouts().serverLoginRetry()).isEqualTo(RETRY);
    }

    @Test
    void at_first_they_begin_freely() {
        assertThat(attempts.isSingle()).isFalse();
        assertThat(attempts.isTooSoon(world.nowNanos)).isFalse();
        assertThat(attempts.lastFailure()).isEmpty();
    }

    @Test
    void each_has_a_place_that_only_success_keeps() {
        assertThat(attempts.begin(0)).isTrue();
        assertThat(attempts.begin(0)).isTrue();
        assertThat(attempts.begin(0)).isTrue();
        assertThat(attempts.begin(0)).as("the pool's limit is 3").isFalse();
        assertThat(begun).isEqualTo(3);
        assertThat(attempts.underWay()).isEqualTo(3);

        attempts.succeeded();
        attempts.failed(PoolWorld.TOO_MANY, world.nowNanos);
        attempts.putOff(PoolWorld.TOO_MANY, world.nowNanos);
        assertThat(attempts.underWay()).isZero();
        assertThat(world.pool.open()).isEqualTo(1);
    }

    @Test
    void the_reserve_has_places_of_its_own() {
        for (int i = 0; i < 3; i++) attempts.begin(0);

        assertThat(attempts.begin(1)).isTrue();
        assertThat(attempts.begin(1)).isFalse();
    }

    @Test
    void success_leaves_the_pace_free() {
        attempts.begin(0);
        attempts.succeeded();

        at_first_they_begin_freely();
    }

    @Test
    void a_change_of_the_hold_leaves_the_pace_free() {
        attempts.holdChanged();

        at_first_they_begin_freely();
    }

    @Test
    void after_a_failure_they_begin_one_by_one_and_not_at_once() {
        attempts.begin(0);
        attempts.failed(PoolWorld.TOO_MANY, world.nowNanos);

        assertThat(attempts.isSingle()).isTrue();
        assertThat(attempts.lastFailure()).contains(PoolWorld.TOO_MANY);
        assertThat(attempts.isTooSoon(world.nowNanos + RETRY.toNanos() - 1)).isTrue();
        assertThat(attempts.isTooSoon(world.nowNanos + RETRY.toNanos())).isFalse();
    }

    @Test
    void one_that_was_put_off_is_made_again_soon() {
        attempts.begin(0);
        attempts.putOff(PoolWorld.TOO_MANY, world.nowNanos);

        assertThat(attempts.isSingle()).isTrue();
        assertThat(attempts.lastFailure()).contains(PoolWorld.TOO_MANY);
        assertThat(attempts.isTooSoon(world.nowNanos)).isTrue();
        assertThat(attempts.isTooSoon(world.nowNanos + RETRY.toNanos() / 10)).isFalse();
    }

    @Test
    void a_failure_after_a_failure_begins_the_wait_anew() {
        after_a_failure_they_begin_one_by_one_and_not_at_once();
        world.pass(RETRY);
        attempts.begin(0);
        attempts.failed(PoolWorld.TOO_MANY, world.nowNanos);

        assertThat(attempts.isSingle()).isTrue();
        assertThat(attempts.isTooSoon(world.nowNanos + RETRY.toNanos() - 1)).isTrue();
    }

    @Test
    void one_that_is_put_off_after_a_failure_shortens_the_wait() {
        after_a_failure_they_begin_one_by_one_and_not_at_once();
        attempts.begin(0);
        attempts.putOff(PoolWorld.TOO_MANY, world.nowNanos);

        assertThat(attempts.isSingle()).isTrue();
        assertThat(attempts.isTooSoon(world.nowNanos + RETRY.toNanos() / 10)).isFalse();
    }

    @Test
    void a_success_after_a_failure_frees_the_pace_and_forgets_why() {
        after_a_failure_they_begin_one_by_one_and_not_at_once();
        attempts.begin(0);
        attempts.succeeded();

        at_first_they_begin_freely();
    }

    @Test
    void a_change_of_the_hold_after_a_failure_frees_the_pace_and_remembers_why() {
        after_a_failure_they_begin_one_by_one_and_not_at_once();
        attempts.holdChanged();

        assertThat(attempts.isSingle()).isFalse();
        assertThat(attempts.isTooSoon(world.nowNanos)).isFalse();
        assertThat(attempts.lastFailure()).contains(PoolWorld.TOO_MANY);
    }

    @Test
    void a_pool_that_is_paused_or_retired_makes_none() {
        assertThat(attempts.areAllowed()).isTrue();
        world.pause();
        assertThat(attempts.areAllowed()).isFalse();
        world.resume();
        assertThat(attempts.areAllowed()).isTrue();
        world.pool.retire();
        assertThat(attempts.areAllowed()).isFalse();
    }
}
