package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Each row of the table in [ReplicaComeback].
class ReplicaComebackTest {
    private static final long MS = 1_000_000;
    private final ReplicaComeback comeback = new ReplicaComeback();

    @Test
    void who_has_just_left_reads_on_the_primary_and_waits_a_little_after_a_while() {
        assertThat(comeback.mayWait(0)).isFalse();
        assertThat(comeback.mayWait(49 * MS)).isFalse();
        assertThat(comeback.isWaiting()).isFalse();
        assertThat(comeback.mayWait(50 * MS)).isTrue();
        assertThat(comeback.isWaiting()).isTrue();
        assertThat(comeback.mayWait(64 * MS)).isTrue();
        comeback.found();
        assertThat(comeback.isWaiting()).isFalse();
        assertThat(comeback.mayWait(70 * MS)).isFalse();
        assertThat(comeback.mayWait(119 * MS)).isFalse();
        assertThat(comeback.mayWait(120 * MS)).isTrue();
    }

    @Test
    void waits_in_vain_become_rare() {
        assertThat(comeback.mayWait(0)).isFalse();
        long now = 0;
        long waited = 0;
        for (int i = 0; i < 100_000; i++, now += MS) if (comeback.mayWait(now)) waited++;
        assertThat(waited).as("milliseconds of 100 s").isBetween(100L, 1_000L);
    }
}
