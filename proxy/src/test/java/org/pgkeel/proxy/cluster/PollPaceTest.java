package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.PrimaryWatch;

class PollPaceTest {
    private static final long NOW = 1_000_000_000_000L;
    private static final Primary PRIMARY = new Primary("n1", new NodeAddress("db1", 5432), 1, Lifetime.UNKNOWN);

    private static long ago(int seconds) {
        return NOW - Duration.ofSeconds(seconds).toNanos();
    }

    private static boolean restless(PrimaryWatch watch, boolean suspicious, boolean scheduled, int changedSecondsAgo) {
        return PollPace.isRestless(watch, suspicious, scheduled, ago(changedSecondsAgo), NOW);
    }

    private static PrimaryWatch absent(int seconds) {
        return new PrimaryWatch.Absent(Optional.empty(), ago(seconds), HoldReason.PRIMARY_LOST, "gone");
    }

    @Test
    void a_known_primary_is_asked_calmly_unless_something_is_unclear() {
        var known = new PrimaryWatch.Known(PRIMARY, ago(1000));
        assertThat(restless(known, false, false, 1000)).isFalse();
        assertThat(restless(known, true, false, 1000)).isTrue();
        assertThat(restless(known, false, true, 1000)).isTrue();
        assertThat(restless(known, false, false, 9)).isTrue();
        assertThat(restless(new PrimaryWatch.Doubted(PRIMARY, ago(1000), ago(1000), "why"), false, false, 1000)).isTrue();
    }

    @Test
    void an_absent_primary_is_looked_for_restlessly_for_as_long_as_a_failover_takes_and_then_calmly() {
        assertThat(restless(absent(0), false, false, 1000)).isTrue();
        assertThat(restless(absent(59), true, false, 1000)).isTrue();
        assertThat(restless(absent(60), true, false, 1000)).isFalse();
        assertThat(restless(absent(100_000), false, false, 1000)).isFalse();
        assertThat(restless(absent(100_000), false, false, 1)).as("somebody answers again").isTrue();
        assertThat(restless(absent(100_000), false, true, 1000)).isTrue();
    }
}
