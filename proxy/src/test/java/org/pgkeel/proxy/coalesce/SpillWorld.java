package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.observe.SpillSnapshot;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;

/// A queue with a disk, its clients, and what happened to their requests.
///
/// Threading: confined to its event loop but for [#on] and [#drain], which any thread may call.
final class SpillWorld {
    static final int CLIENTS = 200;
    static final int REQUEST_BYTES_MAX = 2000;
    static final int BUFFERED_BYTES_MAX = 64 * 1024;
    private static final int BATCH_BYTES_MAX = 4096;
    private static final int LANES = 2;
    /// Of one queue, with what is read back for its next batch.
    static final int UNDER_WAY_BYTES_MAX = (LANES + 1) * BATCH_BYTES_MAX;

    private final EventLoop loop;
    final Journal journal = new Journal();
    final ArrayDeque<Batch> underWay = new ArrayDeque<>();
    final BufferedBytes buffered;
    final CoalesceStats stats = new CoalesceStats("t");
    final Spill spill;
    final BatchQueue queue;
    final Target target;
    final List<Client> clients = new ArrayList<>();

    /// @param fileBytesMax of the file
    SpillWorld(EventLoop loop, SpillFile.Opener opener, long fileBytesMax) {
        this(loop, opener, fileBytesMax, new BufferedBytes(BUFFERED_BYTES_MAX));
    }

    /// @param buffered of this queue and of others
    SpillWorld(EventLoop loop, SpillFile.Opener opener, long fileBytesMax, BufferedBytes buffered) {
        this.loop = loop;
        this.buffered = buffered;
        var rule = new CoalesceRule("", List.of(), Set.of(), Set.of(), 1000, BATCH_BYTES_MAX, Duration.ofMillis(1), BUFFERED_BYTES_MAX, LANES, CoalesceRule.LanesBy.ARRIVAL, Optional.empty(), Optional.empty(), 20, Duration.ZERO,
                CoalesceRule.AfterRowTriggers.REFUSE, Optional.empty());
        spill = new Spill("spill-test", fileBytesMax, opener, loop);
        queue = new BatchQueue(rule, buffered, loop, (_, batch, _) -> {
            for (Contribution each : batch.all()) ((Client) each.client()).ran();
            underWay.add(batch);
        }, stats, spill);
        var place = new Nowhere();
        target = TestTargets.of(place, queue, "insert into t values (1)");
        for (int i = 0; i < CLIENTS; i++) clients.add(new Client(journal));
    }

    /// Something runs by itself: who comes now waits.
    boolean busy() {
        queue.aloneBegins(InsertWay.QUIET, 1, 0, System.nanoTime());
        return true;
    }

    boolean busyNoMore() {
        queue.aloneEnded(0);
        return true;
    }

    void endOfBatch() {
        Batch batch = underWay.poll();
        if (batch == null) return;
        for (Contribution each : batch.all()) {
            each.become(Contribution.State.FREE);
            ((Client) each.client()).free();
        }
        queue.batchEnded(batch, 1_000_000);
    }

    void allSend(Random random) {
        for (Client each : clients) if (each.isFree()) each.send(target, random);
    }

    SpillSnapshot spilled() {
        return stats.spill().snapshot(queue.waiting().awayRows(), queue.waiting().awayBytes());
    }

    void drain() {
        await().pollInterval(Duration.ofMillis(2)).until(() -> on(() -> {
            endOfBatch();
            return queue.isUnused() && queue.bufferedBytes() == 0 && clients.stream().allMatch(Client::isFree);   // a copy may still be on its way to the disk
        }));
    }

    long sentBytes() {
        return clients.stream().mapToLong(client -> client.sent.length).sum();
    }

    /// Nothing is lost, nothing is doubled, and what ran did so in the order in which it came.
    void check() {
        var all = new ArrayList<>(journal.ran);
        all.addAll(journal.gone);
        all.addAll(journal.unreadable);
        assertThat(journal.ran).isSorted();
        assertThat(all).doesNotHaveDuplicates().hasSize(journal.arrived);
        assertThat(queue.bufferedBytes()).isZero();
        assertThat(queue.waiting().awayRows()).isZero();
        assertThat(queue.waiting().awayBytes()).isZero();
        assertThat(spill.fileBytes()).isZero();
    }

    /// Runs it on the event loop.
    <T> T on(Callable<T> what) throws Exception {
        try {
            return loop.submit(what).get(90, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError failed) throw failed;
            throw e;
        }
    }

    /// What happened, by the number of the request.
    static final class Journal {
        int arrived;
        final List<Integer> ran = new ArrayList<>();
        final List<Integer> gone = new ArrayList<>();
        final List<Integer> unreadable = new ArrayList<>();
    }

    static final class Client implements UnansweredContributor {
        final Journal journal;
        final Contribution contribution = new Contribution(this);
        byte[] sent = {};
        Optional<byte[]> inMemory = Optional.empty();
        int number = -1;

        Client(Journal journal) {
            this.journal = journal;
        }

        boolean isFree() {
            return number < 0;
        }

        void send(Target to, Random random) {
            number = journal.arrived++;
            sent = new byte[1 + random.nextInt(REQUEST_BYTES_MAX)];
            random.nextBytes(sent);
            inMemory = Optional.of(sent.clone());
            contribution.describe(to, Contribution.Form.SIMPLE, null, sent.length, 1);
            if (to.offer(contribution, request(), 0, System.nanoTime())) return;
            ran();
            free();
            to.aloneEnded(contribution);
        }

        void goAway() {
            if (!contribution.withdraw()) return;
            journal.gone.add(number);
            free();
        }

        void ran() {
            assertThat(inMemory).as("request %s is in memory", number).isPresent();
            assertThat(inMemory.get()).isEqualTo(sent);
            journal.ran.add(number);
        }

        void free() {
            number = -1;
            inMemory = Optional.empty();
        }

        @Override
        public ByteBuf request() {
            return Unpooled.wrappedBuffer(inMemory.orElseThrow());
        }

        @Override
        public void away(int bytes) {
            assertThat(inMemory.orElseThrow()).hasSize(bytes);
            inMemory = Optional.empty();
        }

        @Override
        public void back(byte[] request) {
            assertThat(inMemory).isEmpty();
            inMemory = Optional.of(request);
        }

        @Override
        public void refusedAway(Refusal refusal) {
            assertThat(refusal.reason()).isEqualTo(RefusalReason.SPILL_UNREADABLE);
            assertThat(inMemory).isEmpty();
            journal.unreadable.add(number);
            free();
        }

        @Override
        public void alone() {
            ran();
            free();
            contribution.target().aloneEnded(contribution);
        }
    }

    static final class Nowhere implements Place {
        @Override
        public PoolSlice<BackendConnection> slice() {
            throw new AssertionError();
        }

        @Override
        public Cluster cluster() {
            throw new AssertionError();
        }

        @Override
        public boolean outlivesBackends() {
            return false;
        }

        @Override
        public boolean isHome() {
            return true;
        }

        @Override
        public int generation() {
            return 0;
        }
    }

    /// A disk that fails now and then.
    record BadFile(SpillFile good, Random random) implements SpillFile {
        @Override
        public void write(ByteBuffer bytes, long at) throws IOException {
            if (random.nextInt(50) == 0) throw new IOException("No space left on device");
            good.write(bytes, at);
        }

        @Override
        public void read(ByteBuffer into, long at) throws IOException {
            if (random.nextInt(10) == 0) throw new IOException("Input/output error");
            good.read(into, at);
            byte[] all = into.array();
            if (random.nextInt(10) == 0) all[random.nextInt(all.length)] ^= 1;
        }

        @Override
        public void close() throws IOException {
            good.close();
        }
    }
}
