package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
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
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.insert.InsertTemplates;
import org.pgkeel.proxy.observe.SpillSnapshot;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Dialect;

/// A queue with a disk under random schedules: requests come, batches end or are held up, clients go away, the disk fails.
class SpilledRowsTest {
    private static final int CLIENTS = 200;
    private static final int REQUEST_BYTES_MAX = 2000;
    private static final int BUFFERED_BYTES_MAX = 64 * 1024;
    private static final int BATCH_BYTES_MAX = 4096;
    private static final long FILE_BYTES_MAX = 1 << 20;

    private final EventLoop loop = new DefaultEventLoop();

    @TempDir
    Path folder = Path.of("");

    @AfterEach
    void end() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /// What happened, by the number of the request.
    private static final class Journal {
        private int arrived;
        private final List<Integer> ran = new ArrayList<>();
        private final List<Integer> gone = new ArrayList<>();
        private final List<Integer> unreadable = new ArrayList<>();
    }

    private static final class Client implements Contributor {
        private final Journal journal;
        private final Contribution contribution = new Contribution(this);
        private byte[] sent = {};
        private Optional<byte[]> inMemory = Optional.empty();
        private int number = -1;

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
            if (to.offer(contribution, System.nanoTime())) return;
            ran();
            free();
            to.aloneEnded();
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
        public void pauseReading() {}

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
            contribution.target().aloneEnded();
        }

        @Override
        public void committed(ByteBuf notices) {
            throw new AssertionError();
        }

        @Override
        public void committed(ByteBuf replies, int from, int to, ByteBuf notices) {
            throw new AssertionError();
        }

        @Override
        public void refused(Refusal refusal) {
            throw new AssertionError(refusal);
        }

        @Override
        public void unknown() {
            throw new AssertionError();
        }

        @Override
        public void lost(String why) {
            throw new AssertionError(why);
        }
    }

    private static final class Nowhere implements Place {
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
        public int generation() {
            return 0;
        }
    }

    /// A queue, its disk and its clients.
    private final class Setting {
        private final Journal journal = new Journal();
        private final ArrayDeque<List<Contribution>> underWay = new ArrayDeque<>();
        private final CoalesceStats stats = new CoalesceStats("t");
        private final Spill spill;
        private final BatchQueue queue;
        private final Target target;
        private final List<Client> clients = new ArrayList<>();

        Setting(SpillFile.Opener opener, long fileBytesMax) {
            var rule = new CoalesceRule("", List.of(), Set.of(), Set.of(), 1000, BATCH_BYTES_MAX, Duration.ofMillis(1), BUFFERED_BYTES_MAX, 2, Optional.empty(), 20, Duration.ZERO,
                    CoalesceRule.AfterRowTriggers.REFUSE, Optional.empty());
            spill = new Spill("spill-test", fileBytesMax, opener, loop);
            queue = new BatchQueue(rule, 2, loop, (_, taken, _) -> {
                for (Contribution each : taken) ((Client) each.client()).ran();
                underWay.add(taken);
            }, stats, spill);
            var place = new Nowhere();
            target = new Target(place, queue, Settings.NONE, InsertShape.parse("insert into t values (1)", Dialect.USUAL).orElseThrow(), new TableKnowledge(place, Settings.NONE, "t"), Optional.empty(),
                    new InsertTemplates());
            for (int i = 0; i < CLIENTS; i++) clients.add(new Client(journal));
        }

        /// Something runs by itself: who comes now waits.
        boolean busy() {
            queue.aloneBegins(1, System.nanoTime());
            return true;
        }

        boolean busyNoMore() {
            queue.aloneEnded();
            return true;
        }

        void endOfBatch() {
            List<Contribution> batch = underWay.poll();
            if (batch == null) return;
            for (Contribution each : batch) {
                each.become(Contribution.State.FREE);
                ((Client) each.client()).free();
            }
            queue.batchEnded(batch, 1_000_000);
        }

        void allSend(Random random) {
            for (Client each : clients) if (each.isFree()) each.send(target, random);
        }

        SpillSnapshot spilled() {
            return stats.spill().snapshot(queue.awayRows(), queue.awayBytes());
        }

        void drain() {
            await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(2)).until(() -> on(() -> {
                endOfBatch();
                return queue.isUnused() && clients.stream().allMatch(Client::isFree);
            }));
        }

        /// Nothing is lost, nothing is doubled, and what ran did so in the order in which it came.
        void check() {
            var all = new ArrayList<>(journal.ran);
            all.addAll(journal.gone);
            all.addAll(journal.unreadable);
            assertThat(journal.ran).isSorted();
            assertThat(all).doesNotHaveDuplicates().hasSize(journal.arrived);
            assertThat(queue.bufferedBytes()).isZero();
            assertThat(queue.awayRows()).isZero();
            assertThat(queue.awayBytes()).isZero();
            assertThat(spill.fileBytes()).isZero();
        }
    }

    private <T> T on(Callable<T> what) throws Exception {
        try {
            return loop.submit(what).get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError failed) throw failed;
            throw e;
        }
    }

    private long fileNames() throws IOException {
        try (var names = Files.list(folder)) {
            return names.count();
        }
    }

    /// @param fileBytesMax less than what waits, or more
    @ParameterizedTest
    @ValueSource(longs = {32 * 1024, FILE_BYTES_MAX})
    void whatever_happens_requests_run_once_in_their_order(long fileBytesMax) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        Setting setting = on(() -> new Setting(() -> SpillFile.in(folder), fileBytesMax));
        on(setting::busy);
        for (int round = 0; round < 60; round++) {
            boolean held = random.nextInt(3) == 0;
            // In one turn, so that batches fill the lanes: one at a time each would run by itself, which no hold holds up here.
            if (held) {
                on(() -> {
                    setting.allSend(random);
                    return null;
                });
            }
            for (int step = 0; step < 300; step++) {
                on(() -> {
                    int what = random.nextInt(10);
                    Client client = setting.clients.get(random.nextInt(CLIENTS));
                    if (what < 7 && client.isFree()) client.send(setting.target, random);
                    else if (what < 8 && !client.isFree() && random.nextInt(4) == 0) client.goAway();
                    else if (!held) setting.endOfBatch();
                    assertThat(setting.spill.fileBytes()).isLessThanOrEqualTo(fileBytesMax);
                    return null;
                });
            }
            // The disk has had its time; how much memory it leaves is the next test's.
            if (held) untilItRests(setting);
        }
        on(setting::busyNoMore);
        setting.drain();
        on(() -> {
            setting.check();
            assertThat(setting.spilled().rows()).isGreaterThan(100);
            assertThat(setting.spilled().failures()).isEmpty();
            assertThat(setting.journal.unreadable).isEmpty();
            return null;
        });
    }

    private void untilItRests(Setting setting) {
        var before = new AtomicLong(-1);
        await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(10)).until(() -> {
            long now = on(() -> setting.queue.bufferedBytes() << 32 | setting.queue.awayBytes());
            return before.getAndSet(now) == now;
        });
    }

    @Test
    void in_a_hold_memory_stays_below_its_bound_and_the_file_has_no_name() throws Exception {
        var random = new Random(1);
        Setting setting = on(() -> new Setting(() -> SpillFile.in(folder), FILE_BYTES_MAX));
        on(() -> {
            setting.queue.aloneBegins(1, System.nanoTime());   // nothing is quiet any more
            setting.allSend(random);
            return null;
        });
        await().untilAsserted(() -> on(() -> {
            long sent = setting.clients.stream().mapToLong(client -> client.sent.length).sum();
            assertThat(setting.queue.bufferedBytes()).isLessThanOrEqualTo(BUFFERED_BYTES_MAX);
            assertThat(setting.queue.bufferedBytes() + setting.queue.awayBytes()).isEqualTo(sent);
            return null;
        }));
        assertThat(on(() -> setting.spill.fileBytes())).isPositive();
        assertThat(fileNames()).isZero();
        on(() -> {
            setting.queue.aloneEnded();
            return null;
        });
        setting.drain();
        on(() -> {
            setting.check();
            return null;
        });
    }

    /// Writes that fail leave requests in memory; bytes that came back changed, or not at all, are refused, and nothing else is.
    @Test
    void a_bad_disk_costs_the_requests_that_it_lost_and_no_other() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        var disk = new Random(seed);
        Setting setting = on(() -> new Setting(() -> new BadFile(SpillFile.in(folder), disk), FILE_BYTES_MAX));
        for (int round = 0; round < 15; round++) {
            on(setting::busy);
            on(() -> {
                setting.allSend(random);
                return null;
            });
            on(setting::busyNoMore);
            setting.drain();
        }
        on(() -> {
            setting.check();
            long lost = setting.spilled().failures().entrySet().stream().filter(entry -> !entry.getKey().equals("write_failed")).mapToLong(entry -> entry.getValue()).sum();
            assertThat(setting.spilled().failures()).containsKeys("wrong_checksum", "read_failed");
            assertThat(setting.journal.unreadable).hasSize((int) lost);
            return null;
        });
    }

    @Test
    void a_disk_that_takes_nothing_leaves_everything_in_memory() throws Exception {
        Setting setting = on(() -> new Setting(() -> SpillFile.in(folder.resolve("nowhere")), FILE_BYTES_MAX));
        on(() -> {
            setting.queue.aloneBegins(1, System.nanoTime());
            setting.allSend(new Random(1));
            return null;
        });
        await().untilAsserted(() -> on(() -> assertThat(setting.spilled().failures()).containsOnlyKeys("write_failed")));
        on(() -> {
            setting.queue.aloneEnded();
            return null;
        });
        setting.drain();
        on(() -> {
            setting.check();
            assertThat(setting.journal.ran).hasSize(CLIENTS);
            return null;
        });
    }

    @Test
    void the_file_is_its_owners_alone() throws Exception {
        SpillFile file = SpillFile.in(folder);
        byte[] bytes = {1, 2, 3};
        file.write(ByteBuffer.wrap(bytes), 5);
        var back = ByteBuffer.allocate(3);
        file.read(back, 5);
        assertThat(back.array()).isEqualTo(bytes);
        assertThat(fileNames()).isZero();
        file.close();
    }

    private record BadFile(SpillFile good, Random random) implements SpillFile {
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
