package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.config.KeyOrder;
import org.pgkeel.proxy.insert.Arbiters;
import org.pgkeel.proxy.insert.CopyPlan;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.insert.InsertTemplates;
import org.pgkeel.proxy.insert.RowKey;
import org.pgkeel.proxy.insert.TargetTable;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Dialect;

/// A queue with an order by key, its clients, and a checker that sees every transaction begin and commit.
///
/// Threading: confined to its event loop.
final class OrderWorld {
    static final int CLIENTS = 150;
    static final int LANES = 4;
    static final int MAX_ROWS = 40;
    private static final int KEYS = 12;
    /// Of a row whose key the proxy cannot tell.
    private static final int ANY_KEY = -1;

    private final Random random;
    private final OptionalInt inFlightMax;
    final BatchQueue queue;
    private final Target target;
    private final CoalesceStats stats = new CoalesceStats("t");
    final List<Client> clients = new ArrayList<>();
    private final List<Batch> batches = new ArrayList<>();
    private final List<Client> alone = new ArrayList<>();
    private final Map<Integer, Integer> lastOfKey = new HashMap<>();
    private int lastOfAny = -1;
    private int arrived;
    int committed;
    int withdrawn;
    int mostAtOnce;
    int failures;

    OrderWorld(EventLoop loop, Random random, OptionalInt inFlightMax) {
        this(loop, random, inFlightMax, MAX_ROWS, Duration.ofMillis(1));
    }

    OrderWorld(EventLoop loop, Random random, OptionalInt inFlightMax, int maxRows, Duration maxDelay) {
        this.random = random;
        this.inFlightMax = inFlightMax;
        var rule = new CoalesceRule("", List.of(), Set.of(), Set.of(), maxRows, 1 << 20, maxDelay, 1 << 26, LANES, CoalesceRule.LanesBy.ARRIVAL, Optional.of(new KeyOrder("k", inFlightMax)), Optional.empty(), 5, Duration.ZERO,
                CoalesceRule.AfterRowTriggers.REFUSE, Optional.empty());
        queue = new BatchQueue(rule, new BufferedBytes(rule.maxBufferedBytes()), loop, (_, batch, _) -> begins(batch), stats, null);
        var table = new TargetTable(1, "public", "t", "public.t", true, false, true, false, false, true, "", List.of(new TargetTable.Column("k", 23, 23, false, false)), Arbiters.NONE, Optional.empty());
        InsertShape shape = InsertShape.parse("insert into t (k) values ($1)", Dialect.USUAL).orElseThrow();
        var place = new SpillWorld.Nowhere();
        target = new Target(place, queue, Settings.NONE, shape, new TableKnowledge(place, Settings.NONE, "t"), CopyPlan.of(shape, new int[0], table, CoalesceRule.AfterRowTriggers.REFUSE), InsertWay.FEW_ROWS, Optional.of(RowKey.of(shape, new int[0], table, "k")), new InsertTemplates(), Optional.empty());
        for (int i = 0; i < CLIENTS; i++) clients.add(new Client());
    }

    long heldRows() {
        return stats.heldRows();
    }

    void step() {
        Client client = clients.get(random.nextInt(CLIENTS));
        switch (random.nextInt(12)) {
            case 0 -> endOfAlone();
            case 1, 2, 3 -> endOfBatch();
            case 4 -> client.goAway();
            default -> client.send();
        }
    }

    boolean isOver() {
        endOfAlone();
        endOfBatch();
        return queue.isUnused() && clients.stream().noneMatch(client -> client.busy);
    }

    // --- what the server does

    private void begins(Batch batch) {
        assertThat(batch.all()).isNotEmpty();
        var rowsOfKey = new HashMap<Integer, Integer>();
        for (Contribution each : batch.all()) {
            Client client = (Client) each.client();
            boolean full = client.keys.stream().anyMatch(key -> key != ANY_KEY && rowsOfKey.getOrDefault(key, 0) >= inFlightMax.orElse(Integer.MAX_VALUE));
            assertThat(full).as("the batch has as many rows of a key as it may").isFalse();
            client.keys.forEach(key -> rowsOfKey.merge(key, 1, Integer::sum));
            notUnderWay(client);
        }
        batches.add(batch);
        mostAtOnce = Math.max(mostAtOnce, batches.size() + alone.size());
    }

    private void begins(Client client) {
        notUnderWay(client);
        alone.add(client);
        mostAtOnce = Math.max(mostAtOnce, batches.size() + alone.size());
    }

    /// None of its keys is in a transaction now.
    private void notUnderWay(Client client) {
        var underWay = new HashSet<Integer>();
        for (Batch batch : batches) for (Contribution each : batch.all()) underWay.addAll(((Client) each.client()).keys);
        for (Client each : alone) underWay.addAll(each.keys);
        for (int key : client.keys) {
            assertThat(underWay).as("keys under way").doesNotContain(key, ANY_KEY);
            if (key == ANY_KEY) assertThat(underWay).isEmpty();
        }
    }

    void endOfAlone() {
        if (alone.isEmpty()) return;
        Client client = alone.remove(random.nextInt(alone.size()));
        commits(client);
        client.busy = false;
        target.aloneEnded(client.contribution);
    }

    /// Those that are under way.
    List<Batch> batches() {
        return batches;
    }

    void commit(Batch batch) {
        batches.remove(batch);
        for (Contribution each : batch.all()) commits((Client) each.client());
        queue.batchEnded(batch, 1_000_000);
        for (Contribution each : batch.all()) frees(each);
    }

    private void endOfBatch() {
        if (batches.isEmpty()) return;
        Batch batch = batches.get(random.nextInt(batches.size()));
        switch (random.nextInt(4)) {
            case 0 -> fails(batch);
            case 1 -> leavesOut(batch);
            default -> commit(batch);
        }
    }

    /// The server refuses one, or the connection is lost: none of it happened.
    private void fails(Batch batch) {
        batches.remove(batch);
        failures++;
        if (random.nextBoolean()) batch.all().get(random.nextInt(batch.all().size())).setApart(InsertWay.BATCH_FAILED);
        queue.again(batch.all());
        queue.batchEnded(batch, 0);
    }

    /// It could say the first few only.
    private void leavesOut(Batch batch) {
        batches.remove(batch);
        int said = random.nextInt(batch.all().size());
        List<Contribution> first = batch.all().subList(0, said);
        queue.leftOver(batch.all().subList(said, batch.all().size()));
        for (Contribution each : first) commits((Client) each.client());
        queue.batchEnded(batch, 1_000_000);
        for (Contribution each : first) frees(each);
    }

    private static void frees(Contribution each) {
        each.become(Contribution.State.FREE);
        ((Client) each.client()).busy = false;
    }

    /// Each row is behind all rows that came before it and may be equal.
    private void commits(Client client) {
        for (int key : client.keys) {
            int before = key == ANY_KEY ? lastOfKey.values().stream().max(Integer::compare).orElse(-1) : lastOfKey.getOrDefault(key, -1);
            assertThat(client.number).as("number of a row of key %s that is committed now", key).isGreaterThanOrEqualTo(Math.max(before, lastOfAny));
        }
        for (int key : client.keys) {
            if (key == ANY_KEY) lastOfAny = client.number;
            lastOfKey.put(key, client.number);
        }
        committed++;
    }

    // --- its clients

    final class Client implements UnansweredContributor {
        final Contribution contribution = new Contribution(this);
        final List<Integer> keys = new ArrayList<>();
        private ByteBuf sent = Unpooled.EMPTY_BUFFER;
        boolean busy;
        int number;

        void send() {
            if (busy) return;
            int rows = random.nextInt(10) == 0 ? 2 + random.nextInt(3) : 1;
            send(IntStream.range(0, rows).map(_ -> random.nextInt(40) == 0 ? ANY_KEY : Math.min(random.nextInt(KEYS), random.nextInt(KEYS))).toArray());
        }

        void send(int... keysOfRows) {
            busy = true;
            number = arrived++;
            keys.clear();
            sent = Unpooled.buffer();
            for (int key : keysOfRows) bind(key);
            sent.writeByte('S').writeInt(4);
            contribution.describe(target, Contribution.Form.EXTENDED, null, sent.readableBytes(), keysOfRows.length);
            if (!target.offer(contribution, sent, 0, System.nanoTime())) begins(this);
        }

        private void bind(int key) {
            keys.add(key);
            boolean binary = key != ANY_KEY && random.nextBoolean();
            byte[] value = binary ? new byte[] {0, 0, 0, (byte) key} : (key == ANY_KEY ? "+5" : "00".substring(random.nextInt(3)) + key).getBytes(StandardCharsets.US_ASCII);
            int start = sent.writerIndex();
            sent.writeByte('B').writeInt(0).writeByte(0).writeByte(0).writeShort(1).writeShort(binary ? 1 : 0).writeShort(1).writeInt(value.length).writeBytes(value).writeShort(0);
            sent.setInt(start + 1, sent.writerIndex() - start - 1);
            sent.writeByte('E').writeInt(9).writeByte(0).writeInt(0);
        }

        void goAway() {
            if (contribution.withdraw()) left();
        }

        /// It wanted to go away while it was in a batch, which has failed.
        @Override
        public void refused(Refusal refusal) {
            assertThat(refusal).isEqualTo(Refusal.cancelled());
            left();
        }

        private void left() {
            withdrawn++;
            busy = false;
        }

        @Override
        public ByteBuf request() {
            return sent;
        }

        @Override
        public void alone() {
            begins(this);
        }
    }
}
