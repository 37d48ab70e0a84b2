package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.topology.NodeAddress;

/// How often it looks: the clock is the loop's.
class NodeWitnessTest {
    private final EmbeddedChannel loop = new EmbeddedChannel();
    private boolean urgent;
    private int looks;
    private boolean answers = true;
    private final NodeWitness witness = new NodeWitness(() -> List.of(new NodeAddress("db1", 5432)), () -> urgent, (_, _) -> {
        looks++;
        return answers ? CompletableFuture.failedFuture(new SqlAsker.Refused("nobody listens")) : new CompletableFuture<>();
    }, new Sightings(ClusterOutcomes.BLIND_MAX), loop.eventLoop(), System::nanoTime);

    @BeforeEach
    void start() {
        loop.freezeTime();
        witness.start();
        loop.runPendingTasks();
    }

    @AfterEach
    void stop() {
        loop.finishAndReleaseAll();
    }

    private int looksWithin(Duration time) {
        int before = looks;
        for (long passed = 0; passed < time.toMillis(); passed += 10) {
            loop.advanceTimeBy(10, TimeUnit.MILLISECONDS);
            loop.runPendingTasks();
        }
        return looks - before;
    }

    @Test
    void rarely_in_quiet_times() {
        assertThat(looks).isOne();
        assertThat(looksWithin(NodeWitness.QUIET.multipliedBy(6))).isEqualTo(6);
    }

    @Test
    void at_once_and_often_from_when_it_becomes_urgent_until_it_is_not() {
        urgent = true;
        witness.hurry();
        loop.runPendingTasks();
        assertThat(looks).isEqualTo(2);
        assertThat(looksWithin(NodeWitness.URGENT.multipliedBy(10))).isEqualTo(10);
        urgent = false;
        assertThat(looksWithin(NodeWitness.URGENT)).isOne();
        assertThat(looksWithin(NodeWitness.QUIET.multipliedBy(4))).isEqualTo(4);
    }

    @Test
    void many_who_hurry_it_do_not_make_it_look_more_often() {
        urgent = true;
        for (int i = 0; i < 1000; i++) witness.hurry();
        loop.runPendingTasks();
        assertThat(looks).isEqualTo(2);
        for (int i = 0; i < 1000; i++) witness.hurry();
        assertThat(looksWithin(NodeWitness.URGENT.multipliedBy(4))).isEqualTo(4);
    }

    @Test
    void not_at_one_who_has_not_answered_yet() {
        answers = false;
        assertThat(looksWithin(NodeWitness.QUIET.multipliedBy(4))).isOne();
    }

    @Test
    void not_when_it_has_ended() {
        witness.end();
        witness.hurry();
        loop.runPendingTasks();
        assertThat(looksWithin(NodeWitness.QUIET.multipliedBy(4))).isZero();
    }
}
