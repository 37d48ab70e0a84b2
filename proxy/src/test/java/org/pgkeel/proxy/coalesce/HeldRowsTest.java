package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.pool.LeaseGate;
import org.pgkeel.proxy.pool.WaitLimit;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// A row that waits for the batches before it waits as long as anybody waits: for a backend, and for the end of a hold.
class HeldRowsTest {
    private static final Duration POOL_MAX_WAIT = Duration.ofSeconds(30);
    private static final Duration HOLD_MAX_WAIT = Duration.ofSeconds(60);

    private final EmbeddedChannel loop = new EmbeddedChannel();
    private final LeaseGate gate = new LeaseGate("main", new LeaseGate.Bounds(HOLD_MAX_WAIT, 100, 1 << 20, 8), _ -> { });
    private final Place place = new SpillWorld.Nowhere();
    private final BatchQueue queue = new BatchQueue(TestTargets.rule(), new BufferedBytes(1 << 20), loop.eventLoop(), (_, _, _) -> { }, new CoalesceStats("t"), null);
    private final Target target = TestTargets.of(place, queue, "insert into t values (1)");
    private final List<RefusalReason> refused = new ArrayList<>();

    @BeforeEach
    void send() {
        queue.aloneBegins(InsertWay.QUIET, 1, 0, 0);
        queue.add(new Contribution(new Client()).describe(target, Contribution.Form.SIMPLE, null, 10, 1), 0);
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private void become(Hold hold, long second) {
        gate.become(hold, nanos(second));
    }

    private static long nanos(long second) {
        return Duration.ofSeconds(second).toNanos();
    }

    private List<RefusalReason> refusedAt(long second) {
        queue.tick(nanos(second), new WaitLimit(gate, POOL_MAX_WAIT));
        return refused;
    }

    @Test
    void without_a_hold_it_waits_as_long_as_for_a_backend() {
        assertThat(refusedAt(29)).isEmpty();
        assertThat(refusedAt(30)).containsExactly(RefusalReason.POOL_WAIT_TIMEOUT);
    }

    @Test
    void in_a_hold_it_waits_as_long_as_the_hold_may_last() {
        become(new Hold.Holding(nanos(1), HoldReason.PRIMARY_LOST), 1);
        assertThat(refusedAt(59)).isEmpty();
        assertThat(refusedAt(60)).containsExactly(RefusalReason.HOLD_TIMEOUT);
    }

    @Test
    void what_it_waited_in_a_hold_that_is_over_does_not_count() {
        become(new Hold.Holding(nanos(1), HoldReason.PRIMARY_LOST), 1);
        become(Hold.OPEN, 50);
        assertThat(refusedAt(79)).isEmpty();
        assertThat(refusedAt(80)).containsExactly(RefusalReason.POOL_WAIT_TIMEOUT);
    }

    private final class Client implements UnansweredContributor {
        @Override
        public ByteBuf request() {
            return Unpooled.wrappedBuffer(new byte[10]);
        }

        @Override
        public void refused(Refusal refusal) {
            refused.add(refusal.reason());
        }
    }
}
