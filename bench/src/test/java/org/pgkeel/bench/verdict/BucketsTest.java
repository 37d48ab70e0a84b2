package org.pgkeel.bench.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;

class BucketsTest {
    private static final long MILLI = 1_000_000;

    @Test
    void what_was_acknowledged_counts_where_it_ended() {
        Buckets buckets = Buckets.of(List.of(operation(1_000, 1_010, Acknowledged.saw(0)), operation(1_000, 1_020, Acknowledged.saw(0)),
                operation(1_000, 1_250, Acknowledged.saw(0)), operation(1_000, 1_030, new Outcome.Failed("40001"))), 1_000 * MILLI, 1_300 * MILLI);
        assertThat(buckets.count()).containsExactly(2, 0, 1, 0);
        assertThat(buckets.p50Millis()[0]).isEqualTo(10);
        assertThat(buckets.maxMillis()[0]).isEqualTo(20);
        assertThat(buckets.maxMillis()[1]).isNaN();
        assertThat(buckets.p99Millis()[2]).isEqualTo(250);
    }

    private static Operation operation(long invokedMillis, long finishedMillis, Outcome outcome) {
        return new Operation(1, Kind.INSERT, 0, 1, invokedMillis * MILLI, invokedMillis * MILLI, finishedMillis * MILLI, outcome);
    }
}
