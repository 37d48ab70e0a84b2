package org.pgkeel.failover.outcome;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.outcome.AcknowledgedLedger.Acknowledged;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

class AcknowledgedLedgerTest {
    private static final Origin OLD = new Origin(new NodeAddress("pg1", 5432), 1, new Lifetime("a", "b"));
    private static final Origin NEW = new Origin(new NodeAddress("pg2", 5432), 2, new Lifetime("c", "d"));

    private final AcknowledgedLedger<String> ledger = new AcknowledgedLedger<>(8, 100);

    private void add(long xid, Origin origin, long nanos) {
        ledger.add(xid, xid * 10, origin, "client " + xid, nanos);
    }

    private List<Long> xids(Origin current) {
        return ledger.before(current).entries().stream().map(entry -> entry.mark().xid()).toList();
    }

    @Test
    void it_tells_what_was_acknowledged_on_other_runs_than_the_survivor() {
        add(1, OLD, 1);
        add(2, OLD, 2);
        add(3, NEW, 3);
        assertThat(ledger.before(NEW).entries()).containsExactly(
                new Acknowledged<>(new TransactionMark(1, new Lsn(10)), OLD, "client 1"), new Acknowledged<>(new TransactionMark(2, new Lsn(20)), OLD, "client 2"));
        assertThat(xids(NEW)).as("they stay for the next failover").containsExactly(1L, 2L);
    }

    @Test
    void old_is_what_came_long_before_the_newest_however_long_the_failover_takes() {
        add(1, OLD, 1);
        add(2, OLD, 50);
        add(3, OLD, 149);
        assertThat(xids(NEW)).containsExactly(2L, 3L);
    }

    @Test
    void a_full_ring_forgets_the_oldest_and_says_how_many_it_forgot_too_early() {
        for (int xid = 1; xid <= 11; xid++) add(xid, OLD, xid);
        assertThat(xids(NEW)).containsExactly(4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L);
        assertThat(ledger.before(NEW).overrun()).isEqualTo(3);
        add(12, OLD, 1000);
        assertThat(ledger.before(NEW).overrun()).as("what is old anyway is no loss").isEqualTo(3);
        assertThat(xids(NEW)).containsExactly(12L);
    }

    @Test
    void an_empty_ledger_tells_nothing() {
        assertThat(ledger.before(NEW).entries()).isEmpty();
        assertThat(ledger.size()).isZero();
    }

    @Test
    void its_size_is_a_power_of_two() {
        assertThatThrownBy(() -> new AcknowledgedLedger<String>(7, 100)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void it_agrees_with_a_simple_queue_over_random_histories() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        var ring = new AcknowledgedLedger<String>(16, 50);
        var model = new ArrayDeque<long[]>();
        long overrun = 0;
        long now = 0;
        for (int i = 1; i <= 10_000; i++) {
            now += random.nextInt(12);
            if (model.size() == 16 && now - model.removeFirst()[1] < 50) overrun++;
            model.addLast(new long[] {i, now});
            ring.add(i, i, OLD, "c", now);
            if (random.nextInt(20) > 0) continue;
            var expected = new ArrayList<Long>();
            for (long[] entry : model) if (now - entry[1] <= 50) expected.add(entry[0]);
            var recent = ring.before(NEW);
            assertThat(recent.entries().stream().map(entry -> entry.mark().xid()).toList()).as("seed " + seed + ", step " + i).isEqualTo(expected);
            assertThat(recent.overrun()).as("seed " + seed + ", step " + i).isEqualTo(overrun);
        }
    }
}
