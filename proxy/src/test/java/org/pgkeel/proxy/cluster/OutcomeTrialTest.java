package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.cluster.OutcomeTrial.Event;
import org.pgkeel.proxy.cluster.OutcomeTrial.Tally;

/// `-Dpgkeel.outcome.rounds=N` makes it long, `-Dpgkeel.outcome.seed=N` repeats a run, `-Dpgkeel.outcome.postgres=/usr/lib/postgresql/15` takes
/// the programs from there.
class OutcomeTrialTest {
    private static final int ROUNDS = Integer.getInteger("pgkeel.outcome.rounds", Event.values().length);
    private static final long SEED = Long.getLong("pgkeel.outcome.seed", System.nanoTime() & 0xFFFFFF);
    private static final String HOME = System.getProperty("pgkeel.outcome.postgres", "");

    private static final Map<String, String> PARAMETERS = Map.ofEntries(Map.entry("fsync", "off"), Map.entry("full_page_writes", "off"), Map.entry("shared_buffers", "32MB"),
            Map.entry("wal_level", "replica"), Map.entry("max_wal_senders", "5"), Map.entry("max_replication_slots", "5"), Map.entry("max_connections", "60"),
            Map.entry("wal_retrieve_retry_interval", "100ms"), Map.entry("wal_keep_size", "256MB"));

    @Test
    void asynchronous_replication_no_verdict_is_wrong_and_hurried_rules_are() {
        Tally tally = run("async", Map.of());

        assertThat(tally.wrong).as(tally.toString()).isZero();
        assertThat(tally.complaints).as(tally.toString()).isEmpty();
        assertThat(tally.acknowledgedLost).as("the trial lost nothing: " + tally).isPositive();
        assertThat(tally.naiveWrong).as("the status without S was never wrong: " + tally).isPositive();
        assertThat(tally.committed).as(tally.toString()).isPositive();
    }

    @Test
    void asynchronous_commit_no_verdict_is_wrong() {
        Tally tally = run("synchronous_commit=off", Map.of("synchronous_commit", "off"));

        assertThat(tally.wrong).as(tally.toString()).isZero();
        assertThat(tally.complaints).as(tally.toString()).isEmpty();
    }

    @Test
    void synchronous_replication_loses_nothing_and_no_verdict_is_wrong() {
        Tally tally = run("sync", Map.of("synchronous_standby_names", "*"));

        assertThat(tally.wrong).as(tally.toString()).isZero();
        assertThat(tally.complaints).as(tally.toString()).isEmpty();
        assertThat(tally.acknowledgedLost).as(tally.toString()).isZero();
        assertThat(tally.committed).as(tally.toString()).isPositive();
    }

    private static Tally run(String name, Map<String, String> more) {
        var parameters = new HashMap<>(PARAMETERS);
        parameters.putAll(more);
        System.out.println("outcome trial, " + name + ": seed " + SEED + ", " + ROUNDS + " rounds");
        var order = new SplittableRandom(SEED);
        try (var trial = new OutcomeTrial(SEED, new TrialCluster(HOME, parameters))) {
            for (int round = 0; round < ROUNDS; round++) {
                Event event = ROUNDS <= Event.values().length ? Event.values()[round] : Event.values()[order.nextInt(Event.values().length)];
                long nanos = System.nanoTime();
                trial.round(event);
                if (Boolean.getBoolean("pgkeel.outcome.verbose")) System.out.println(event + " " + (System.nanoTime() - nanos) / 1_000_000 + " ms " + trial.tally());
            }
            System.out.println("outcome trial, " + name + ": " + trial.tally());
            return trial.tally();
        }
    }
}
