package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.observe.InsertWay;

/// What servers may die of leaves its queue by itself.
class SuspectsTest {
    /// Longer than a row waits for others, or for one that runs alone.
    private static final long LONG_NANOS = Duration.ofMillis(100).toNanos();

    private final EmbeddedChannel loop = new EmbeddedChannel();
    private final BatchQueue queue = new BatchQueue(TestTargets.rule(), new BufferedBytes(1 << 20), loop.eventLoop(), (_, _, _) -> { }, new CoalesceStats("t"), null);
    private final Target target = TestTargets.of(new SpillWorld.Nowhere(), queue, "insert into t values (1)");
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
