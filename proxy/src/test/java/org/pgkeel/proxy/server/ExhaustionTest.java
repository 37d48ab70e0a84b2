package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.relay.ScarceMemory;

class ExhaustionTest {
    private long nowNanos = Long.MAX_VALUE - 5;
    private int ends;
    private final ScarceMemory allocator = new ScarceMemory();
    private final Exhaustion exhaustion = new Exhaustion(allocator, () -> nowNanos, () -> ends++);

    private void pass(Duration time) {
        for (long second = 0; second < time.toSeconds(); second++) {
            exhaustion.look();
            nowNanos += Duration.ofSeconds(1).toNanos();
        }
    }

    @Test
    void memory_that_comes_back_in_time_ends_nothing_however_often_it_is_gone() {
        for (int i = 0; i < 5; i++) {
            allocator.exhausted(true);
            pass(Exhaustion.PATIENCE);
            allocator.exhausted(false);
            exhaustion.look();
        }
        assertThat(ends).isZero();
        assertThat(allocator.usedBytes()).isZero();
    }

    @Test
    void memory_that_does_not_come_back_is_the_end() {
        allocator.exhausted(true);
        pass(Exhaustion.PATIENCE);
        assertThat(ends).isZero();
        pass(Exhaustion.PATIENCE);
        assertThat(ends).isEqualTo(1);
    }
}
