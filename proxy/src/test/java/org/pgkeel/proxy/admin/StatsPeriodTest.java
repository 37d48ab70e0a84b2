package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.observe.PoolStats;

class StatsPeriodTest {
    private static final Instant START = Instant.EPOCH;

    private final PoolStats alice = new PoolStats("app", "alice");
    private final StatsPeriod period = new StatsPeriod(START);

    @Test void without_a_sample_averages_are_zero() {
        assertThat(period.of("app").queries()).isZero();
        assertThat(period.of("app").queryMicros()).isZero();
    }

    @Test void averages_are_those_of_the_latest_period_only() {
        queries(1_000, 5_000_000);
        period.sample(List.of(alice.snapshot()), START.plusSeconds(60));
        queries(120, 2_000_000);
        alice.received(6_000);
        period.sample(List.of(alice.snapshot()), START.plusSeconds(120));
        assertThat(period.of("app").queries()).isEqualTo(2);
        assertThat(period.of("app").queryMicros()).isEqualTo(2_000);
        assertThat(period.of("app").receivedBytes()).isEqualTo(100);
        assertThat(period.of("unknown").queries()).isZero();
    }

    private void queries(int count, long nanos) {
        for (int i = 0; i < count; i++) alice.queryEnded(nanos);
    }
}
