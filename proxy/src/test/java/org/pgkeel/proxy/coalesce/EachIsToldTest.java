package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.Outcomes;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.settings.Settings;

/// Clients hear of the end of their batch one after the other: a bug with one of them is that one's alone.
class EachIsToldTest {
    private final EmbeddedChannel loop = new EmbeddedChannel();
    private final List<BatchRun> left = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final Place place = new SpillWorld.Nowhere();
    private final Coalescer coalescer = new Coalescer(loop.eventLoop(), 0, new StatementCache(() -> 1000), new NoOutcomes());
    private final BatchQueue queue = new BatchQueue(TestTargets.rule(), new BufferedBytes(1 << 20), loop.eventLoop(), this::leaves, new CoalesceStats("t"), null);
    private final Target target = TestTargets.of(place, queue, "insert into t values (1)");

    private void leaves(BatchQueue from, Batch batch, BatchQueue.Size size) {
        left.add(new SharedCommitRun(coalescer, from, place, Settings.NONE, batch));
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private List<Client> send(String... names) {
        queue.aloneBegins(InsertWay.QUIET, 1, 0, System.nanoTime());
        var clients = new ArrayList<Client>();
        for (String name : names) {
            var client = new Client(name);
            assertThat(target.offer(client.contribution, client.request(), 0, System.nanoTime())).isTrue();
            clients.add(client);
        }
        return clients;
    }

    private void goOn() {
        queue.aloneEnded(0);
        loop.runPendingTasks();
    }

    @Test
    void one_that_cannot_be_told_keeps_nobody_from_being_told() {
        send("first", "broken", "last");
        goOn();
        assertThat(left).hasSize(1);
        left.getFirst().refused(Refusal.of(RefusalReason.POOL_WAIT_TIMEOUT, "no backend"));
        assertThat(told).containsExactly("first refused", "broken closed", "last refused");
    }

    @Test
    void one_that_cannot_be_told_to_run_alone_keeps_nobody_waiting() {
        for (Client each : send("first", "broken", "last")) each.contribution.setApart(InsertWay.BATCH_FAILED);
        goOn();
        assertThat(told).containsExactly("first runs alone", "broken closed", "last runs alone");
    }

    private final class Client implements UnansweredContributor {
        private final String name;
        private final Contribution contribution = new Contribution(this);

        Client(String name) {
            this.name = name;
            contribution.describe(target, Contribution.Form.SIMPLE, null, request().readableBytes(), 1);
        }

        private void hears(String what) {
            if (name.equals("broken")) throw new IllegalStateException("a bug");
            told.add(name + " " + what);
        }

        @Override
        public ByteBuf request() {
            return Unpooled.wrappedBuffer(new byte[10]);
        }

        @Override
        public void alone() {
            hears("runs alone");
        }

        @Override
        public void refused(Refusal refusal) {
            hears("refused");
        }

        @Override
        public void broken(Throwable bug) {
            assertThat(bug).hasMessage("a bug");
            told.add(name + " closed");
        }
    }

    private static final class NoOutcomes implements Outcomes {
        @Override
        public CompletionStage<CommitOutcome> resolve(Cluster cluster, InFlight lost, long aliveNanos, Executor on) {
            throw new AssertionError();
        }

        @Override
        public void acknowledged(Cluster cluster, int loop, TransactionMark mark, Origin origin, Client client, long nowNanos) {
            throw new AssertionError();
        }
    }
}
