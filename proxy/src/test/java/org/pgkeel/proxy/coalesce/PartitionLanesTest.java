package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.insert.RowKey;
import org.pgkeel.proxy.observe.InsertWay;

/// A queue whose batches go to one partition where enough rows of it wait, under random schedules. Whatever the partitions: the request that has waited
/// longest leaves first, each leaves exactly once but when its batch fails, and none is left behind.
class PartitionLanesTest {
    private static final int CLIENTS = 300;
    private static final int PARTITIONS = 5;
    private static final int COPY_FROM_ROWS = 20;
    private static final int MAX_ROWS = 60;
    private static final int LANES = 3;

    private final EventLoop loop = new DefaultEventLoop();
    private final CoalesceStats stats = new CoalesceStats("t");
    private final List<Batch> batches = new ArrayList<>();
    private final List<Client> alone = new ArrayList<>();
    private final List<Client> waiting = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();
    private Random random = new Random();
    private int ofOne;
    private int mixed;
    private int failures;

    private final BatchQueue queue = new BatchQueue(new CoalesceRule("", List.of(), Set.of(), Set.of(), MAX_ROWS, 1 << 20, Duration.ofMillis(1), 1 << 26, LANES, CoalesceRule.LanesBy.PARTITION, Optional.empty(), Optional.empty(),
            COPY_FROM_ROWS, Duration.ZERO, CoalesceRule.AfterRowTriggers.REFUSE, Optional.empty()), new BufferedBytes(1 << 26), loop, (_, batch, _) -> begins(batch), stats, null);
    private final Place place = new SpillWorld.Nowhere();
    private final Target target = TestTargets.of(place, queue, "insert into t (k) values ($1)");

    @AfterEach
    void end() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private <T> T on(Callable<T> what) throws Exception {
        return loop.submit(what).get(60, TimeUnit.SECONDS);
    }

    @Test
    void batches_go_to_one_partition_where_enough_rows_wait_and_nobody_is_left_behind() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        random = new Random(seed);
        for (int i = 0; i < CLIENTS; i++) clients.add(new Client());
        for (int turn = 0; turn < 2000; turn++) {
            int steps = 1 + random.nextInt(40);
            on(() -> {
                for (int step = 0; step < steps; step++) step();
                return null;
            });
        }
        await().pollInterval(Duration.ofMillis(1)).until(() -> on(() -> {
            while (!alone.isEmpty()) endOfAlone();
            while (!batches.isEmpty()) endOfBatch();
            return queue.isUnused();
        }));
        assertThat(waiting).isEmpty();
        assertThat(ofOne).isPositive();
        assertThat(mixed).isPositive();
        assertThat(failures).isPositive();
        assertThat(stats.snapshot(0, 0, 0, 0, 0).onePartitionRows()).isPositive();
    }

    private void step() {
        switch (random.nextInt(16)) {
            case 0 -> endOfAlone();
            case 1 -> endOfBatch();
            default -> clients.get(random.nextInt(CLIENTS)).send();
        }
    }

    private void begins(Batch batch) {
        assertThat(batches.size()).isLessThan(LANES);
        Client first = (Client) batch.all().getFirst().client();
        assertThat(first).as("who has waited longest").isSameAs(waiting.getFirst());
        boolean isApart = first.contribution.isApart();
        long rowsOfIt = waiting.stream().filter(each -> each.partition == first.partition && !each.contribution.isApart()).count();
        Set<Long> partitions = Set.copyOf(batch.all().stream().map(each -> ((Client) each.client()).partition).toList());
        if (first.partition != RowKey.UNKNOWN && rowsOfIt >= COPY_FROM_ROWS && !isApart) {
            assertThat(partitions).as("partitions of a batch whose first has %d of its own", rowsOfIt).containsOnly(first.partition);
            ofOne++;
        } else if (partitions.size() > 1) {
            mixed++;
        }
        batch.all().forEach(each -> assertThat(waiting.remove((Client) each.client())).as("it waited").isTrue());
        batches.add(batch);
    }

    private void endOfAlone() {
        if (alone.isEmpty()) return;
        Client client = alone.remove(random.nextInt(alone.size()));
        client.busy = false;
        target.aloneEnded(client.contribution);
    }

    private void endOfBatch() {
        if (batches.isEmpty()) return;
        Batch batch = batches.remove(random.nextInt(batches.size()));
        if (random.nextInt(5) == 0) {
            failures++;
            if (random.nextBoolean()) batch.all().get(random.nextInt(batch.all().size())).setApart(InsertWay.BATCH_FAILED);
            List<Client> back = new ArrayList<>();
            batch.all().stream().filter(Contribution::isApart).forEach(each -> back.add((Client) each.client()));
            batch.all().stream().filter(each -> !each.isApart()).forEach(each -> back.add((Client) each.client()));
            waiting.addAll(0, back);
            queue.again(batch.all());
            queue.batchEnded(batch, 0);
            return;
        }
        queue.batchEnded(batch, 1_000_000);
        for (Contribution each : batch.all()) {
            each.become(Contribution.State.FREE);
            ((Client) each.client()).busy = false;
        }
    }

    private final class Client implements UnansweredContributor {
        final Contribution contribution = new Contribution(this);
        long partition;
        boolean busy;

        void send() {
            if (busy) return;
            busy = true;
            partition = random.nextInt(20) == 0 ? RowKey.UNKNOWN : Math.min(random.nextInt(PARTITIONS), random.nextInt(PARTITIONS));
            contribution.describe(target, Contribution.Form.EXTENDED, null, 20, 1);
            contribution.keys().add(partition);
            List<Client> where = target.offer(contribution, Unpooled.EMPTY_BUFFER, 0, System.nanoTime()) ? waiting : alone;
            where.add(this);
        }

        @Override
        public ByteBuf request() {
            return Unpooled.EMPTY_BUFFER;
        }

        @Override
        public void alone() {
            assertThat(waiting.remove(this)).isTrue();
            alone.add(this);
        }
    }
}
