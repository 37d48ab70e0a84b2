package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.pool.LeaseGate;
import org.pgkeel.proxy.pool.WaitLimit;

/// What servers may die of leaves its queue by itself, and holds up nobody for long.
class SuspectsTest {
    /// Longer than a row waits for others, or for one that runs alone.
    private static final long LONG_NANOS = Duration.ofMillis(100).toNanos();
    private static final long HALF_A_SECOND = Duration.ofMillis(500).toNanos();

    private final EmbeddedChannel loop = new EmbeddedChannel();
    private final BatchQueue queue = new BatchQueue(TestTargets.rule(), new BufferedBytes(1 << 20), loop.eventLoop(), (_, _, _) -> { }, new CoalesceStats("t"), null);
    private final Target target = TestTargets.of(new SpillWorld.Nowhere(), queue, "insert into t values (1)");
    private final LeaseGate gate = new LeaseGate("main", new LeaseGate.Bounds(Duration.ofSeconds(60), 100, 1 << 20, 8), _ -> { });
    private final List<String> left = new ArrayList<>();

    @AfterEach
    void close() {
        loop.close();
    }

    private static long longAgo() {
        return System.nanoTime() - LONG_NANOS;
    }

    private void innocentRunsAlone() {
        queue.aloneBegins(InsertWay.QUIET, 1, 0, longAgo());
    }

    private Contribution comes(String name) {
        return new Contribution(new Client(name)).describe(target, Contribution.Form.SIMPLE, null, 10, 1);
    }

    private void suspectComes() {
        Contribution suspect = comes("suspect");
        suspect.setSuspect();
        queue.add(suspect, longAgo());
        loop.runPendingTasks();
    }

    private void innocentComes() {
        queue.add(comes("innocent"), longAgo());
        loop.runPendingTasks();
    }

    private void tick(long nowNanos) {
        queue.tick(nowNanos, new WaitLimit(gate, Duration.ofSeconds(30)));
        loop.runPendingTasks();
    }

    /// What runs alone is waited for as long as for rows.
    private void leave(String... names) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            loop.runPendingTasks();
            assertThat(left).containsExactly(names);
        });
    }

    @Test
    void nothing_leaves_beside_it() {
        suspectComes();
        innocentComes();
        assertThat(left).containsExactly("suspect");
        queue.aloneEnded(0);
        loop.runPendingTasks();
        assertThat(left).containsExactly("suspect", "innocent");
    }

    @Test
    void it_leaves_when_nothing_is_under_way() {
        innocentRunsAlone();
        suspectComes();
        assertThat(left).isEmpty();
        queue.aloneEnded(0);
        loop.runPendingTasks();
        assertThat(left).containsExactly("suspect");
    }

    @Test
    void what_runs_behind_it_is_none() {
        suspectComes();
        queue.aloneEnded(0);
        loop.runPendingTasks();
        innocentRunsAlone();
        innocentComes();
        assertThat(left).containsExactly("suspect", "innocent");
    }

    @Test
    void one_that_does_not_end_holds_up_nobody_for_long() {
        long start = System.nanoTime();
        suspectComes();
        innocentComes();
        tick(start + HALF_A_SECOND);
        assertThat(left).containsExactly("suspect");
        tick(System.nanoTime() + 2 * HALF_A_SECOND);
        leave("suspect", "innocent");
    }

    @Test
    void one_that_is_first_waits_not_for_long() {
        innocentRunsAlone();
        suspectComes();
        assertThat(left).isEmpty();
        tick(System.nanoTime() + 2 * HALF_A_SECOND);
        assertThat(left).containsExactly("suspect");
    }

    @Test
    void the_time_in_which_it_waits_for_a_server_does_not_count() {
        suspectComes();
        innocentComes();
        long now = System.nanoTime();
        gate.become(new Hold.Holding(now, HoldReason.PRIMARY_LOST), now);
        tick(now + 10 * HALF_A_SECOND);
        gate.become(Hold.OPEN, now + 11 * HALF_A_SECOND);
        tick(now + 12 * HALF_A_SECOND);
        assertThat(left).containsExactly("suspect");
        tick(now + 13 * HALF_A_SECOND);
        leave("suspect", "innocent");
    }

    private final class Client implements UnansweredContributor {
        private final String name;

        private Client(String name) {
            this.name = name;
        }

        @Override
        public ByteBuf request() {
            return Unpooled.wrappedBuffer(new byte[10]);
        }

        @Override
        public void alone() {
            left.add(name);
        }
    }
}
