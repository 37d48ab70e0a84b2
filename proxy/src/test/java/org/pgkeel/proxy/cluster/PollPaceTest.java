package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.PrimaryWatch;
import org.pgkeel.proxy.cluster.PollPace.Urgent;

class PollPaceTest {
    private static final long NOW = 1_000_000_000_000L;
    private static final Primary PRIMARY = new Primary("n1", new NodeAddress("db1", 5432), 1, Lifetime.UNKNOWN);

    private static long ago(int seconds) {
        return NOW - Duration.ofSeconds(seconds).toNanos();
    }

    private static final Instant TODAY = Instant.parse("2026-11-26T10:00:00Z");

    private static boolean restless(PrimaryWatch watch, boolean suspicious, boolean soon, int changedSecondsAgo) {
        Optional<Instant> switchover = Optional.of(TODAY.plusMillis(soon ? 1_999 : 2_000));
        return PollPace.isRestless(watch, suspicious, switchover, ago(changedSecondsAgo), NOW, TODAY);
    }

    private static Set<PollPace.Urgent> urgent(PrimaryWatch watch, boolean leaseMayEnd, int millisToSwitchover) {
        return PollPace.urgent(watch, leaseMayEnd, Optional.of(TODAY.plusMillis(millisToSwitchover)), NOW, TODAY);
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
        assertThat(restless(new PrimaryWatch.Doubted(PRIMARY, ago(1000), ago(1000), PrimaryWatch.Matter.LIFE, "why"), false, false, 1000)).isTrue();
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

    @Test
    void who_writes_is_urgent_for_as_long_as_a_failover_takes() {
        assertThat(urgent(absent(0), false, 1_000)).containsExactly(Urgent.WHO_WRITES);
        assertThat(urgent(absent(59), true, 0)).containsExactlyInAnyOrder(Urgent.WHO_WRITES, Urgent.WHO_LEADS);
        assertThat(urgent(absent(60), false, 0)).isEmpty();
        assertThat(urgent(absent(60), true, 0)).containsExactly(Urgent.WHO_LEADS);
    }

    @Test
    void a_leader_is_watched_urgently_when_its_scheduled_switchover_is_due() {
        var known = new PrimaryWatch.Known(PRIMARY, ago(1000));
        assertThat(urgent(known, false, 200)).isEmpty();
        assertThat(urgent(known, false, 199)).containsExactly(Urgent.WHETHER_IT_STOPS);
        assertThat(urgent(known, true, -4_999)).containsExactlyInAnyOrder(Urgent.WHETHER_IT_STOPS, Urgent.WHO_LEADS);
        assertThat(urgent(known, false, -5_000)).isEmpty();
        assertThat(urgent(new PrimaryWatch.Doubted(PRIMARY, ago(1000), ago(0), PrimaryWatch.Matter.LIFE, "why"), false, 0)).as("it is asked already").isEmpty();
        assertThat(PollPace.urgent(known, false, Optional.empty(), NOW, TODAY)).isEmpty();
    }
}
