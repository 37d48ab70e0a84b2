package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaderLeaseTest {
    private static boolean mayEnd(LeaderLease lease, long millis) {
        return lease.mayEnd(Duration.ofMillis(millis).toNanos());
    }

    @Test
    void a_silence_that_is_shorter_than_the_key_can_last_means_nothing() {
        for (long millis : new long[] {0, 5_000, 18_999}) assertThat(mayEnd(LeaderLease.DEFAULT, millis)).as("%d ms", millis).isFalse();
    }

    @Test
    void it_may_end_from_a_loop_before_its_ttl_to_the_ttl() {
        for (long millis : new long[] {19_000, 25_000, 31_000}) assertThat(mayEnd(LeaderLease.DEFAULT, millis)).as("%d ms", millis).isTrue();
        var quick = new LeaderLease(Duration.ofSeconds(20), Duration.ofSeconds(1));
        assertThat(mayEnd(quick, 17_999)).isFalse();
        assertThat(mayEnd(quick, 18_000)).isTrue();
    }

    @Test
    void who_is_named_leader_after_that_renews_it_and_is_only_not_heard() {
        assertThat(mayEnd(LeaderLease.DEFAULT, 31_001)).isFalse();
    }

    /// Patroni 4 says 5 s where that is what was configured, and lets the key last for 20.
    @Test
    void a_short_ttl_may_be_a_longer_one_in_truth() {
        var told = new LeaderLease(Duration.ofSeconds(5), Duration.ofSeconds(1));
        for (long millis : new long[] {3_000, 6_001, 19_500, 21_000}) assertThat(mayEnd(told, millis)).as("%d ms", millis).isTrue();
        for (long millis : new long[] {2_999, 21_001}) assertThat(mayEnd(told, millis)).as("%d ms", millis).isFalse();
    }

    @Test
    void a_loop_as_long_as_the_ttl_may_end_it_at_once() {
        assertThat(mayEnd(new LeaderLease(Duration.ofSeconds(10), Duration.ofSeconds(10)), 0)).isTrue();
    }
}
