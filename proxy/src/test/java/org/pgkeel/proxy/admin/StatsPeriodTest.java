package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.PoolStats;
import org.pgkeel.proxy.observe.SizeHistogram;

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
        period.sample(List.of(alice.snapshot()), List.of(), START.plusSeconds(60));
        queries(120, 2_000_000);
        alice.received(6_000);
        period.sample(List.of(alice.snapshot()), List.of(), START.plusSeconds(120));
        assertThat(period.of("app").queries()).isEqualTo(2);
        assertThat(period.of("app").queryMicros()).isEqualTo(2_000);
        assertThat(period.of("app").receivedBytes()).isEqualTo(100);
        assertThat(period.of("unknown").queries()).isZero();
    }

    @Test void rows_per_second_are_those_of_the_latest_period_whichever_way_they_took() {
        period.sample(List.of(), List.of(coalesced(6_000, 10)), START.plusSeconds(60));
        period.sample(List.of(), List.of(coalesced(60_000, 20)), START.plusSeconds(120));
        assertThat(period.ofTable("public.events")).isEqualTo(new StatsPeriod.TableAverages((60_000 + 20 - 6_000 - 10) / 60, 500, 3_000, 20_000));
        assertThat(period.ofTable("public.other").rows()).isZero();
    }

    /// In batches of 500, each of which takes 20 ms and has one request that waited for 3 ms.
    private static CoalesceSnapshot coalesced(int copied, long alone) {
        var rows = new SizeHistogram(SizeHistogram.Unit.ROWS);
        var waits = new LatencyHistogram();
        var flushes = new LatencyHistogram();
        for (int batch = 0; batch < copied / 500; batch++) {
            rows.record(500);
            waits.record(3_000_000);
            flushes.record(20_000_000);
        }
        var nothing = CoalesceSnapshot.empty("public.events");
        return new CoalesceSnapshot("public.events", Map.of(InsertWay.MANY_ROWS, (long) copied, InsertWay.QUIET, alone), rows.snapshot(), nothing.batchBytes(), 0, 0, 0,
                waits.snapshot(), flushes.snapshot(), Map.of(), nothing.spill(), nothing.dedup(), 0, 0);
    }

    private void queries(int count, long nanos) {
        for (int i = 0; i < count; i++) alice.queryEnded(nanos);
    }
}
