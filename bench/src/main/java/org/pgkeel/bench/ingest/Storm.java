package org.pgkeel.bench.ingest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.pgkeel.bench.client.Login;

/// Many clients in one thread: each sends its next rows when the last ones are answered. What they send is encoded beforehand, so
/// that the load takes little of the cores that it shares with what it measures.
///
/// Threading: one thread of its own runs the clients; the figures may be read by any.
final class Storm implements AutoCloseable {
    private static final int READ_BYTES = 64 * 1024;
    private static final long PACE_MILLIS = 1;
    private static final long IDLE_MILLIS = 100;
    private static final long MAX_MICROS = 120_000_000;

    private final Selector selector;
    private final List<StormClient> clients = new ArrayList<>();
    private final List<SelectionKey> keys = new ArrayList<>();
    private final ArrayDeque<SelectionKey> idle = new ArrayDeque<>();
    private final long paceNanos;
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BYTES);
    private final ByteBuffer out;
    private final SingleWriterRecorder latencies = new SingleWriterRecorder(MAX_MICROS, 3);
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicReference<String> firstFailure = new AtomicReference<>("");
    private final Thread thread = Thread.ofPlatform().daemon().name("storm").unstarted(this::run);
    private volatile boolean stopping;
    private long nextDue;
    private int busy;

    private Storm(Selector selector, double rowsPerSecond, ByteBuffer out, List<StormClient> clients, int rowsAtOnce) {
        this.selector = selector;
        this.paceNanos = rowsPerSecond == 0 ? 0 : (long) (1e9 * rowsAtOnce / rowsPerSecond);
        this.out = out;
        this.clients.addAll(clients);
    }

    /// Connects all clients, one after the other.
    ///
    /// @param rowsPerSecond of all together, 0 for as many as they can
    static Storm open(int port, Login login, Manner manner, int count, double rowsPerSecond) throws IOException {
        var clients = new ArrayList<StormClient>();
        try {
            for (int number = 0; number < count; number++) clients.add(StormClient.connect(port, login, manner, number));
            int largest = clients.stream().mapToInt(StormClient::writeBytes).max().orElseThrow();
            var storm = new Storm(Selector.open(), rowsPerSecond, ByteBuffer.allocateDirect(largest), clients, manner.rowsAtOnce());
            for (StormClient client : clients) storm.keys.add(client.register(storm.selector));
            return storm;
        } catch (IOException e) {
            for (StormClient client : clients) client.close();
            throw e;
        }
    }

    void start() {
        thread.start();
    }

    /// Lets every client have its answer, and ends.
    ///
    /// @return whether all had one within the limit
    boolean stop(Duration limit) throws InterruptedException {
        stopping = true;
        selector.wakeup();
        thread.join(limit);
        return !thread.isAlive();
    }

    long rows() {
        return rows.get();
    }

    long failures() {
        return failures.get();
    }

    /// Empty if there was none.
    String firstFailure() {
        return firstFailure.get();
    }

    /// Microseconds to the acknowledgement, since the last call.
    Histogram takeLatencies() {
        return latencies.getIntervalHistogram();
    }

    /// By client; only after [#stop].
    List<StormClient> clients() {
        return clients;
    }

    void acknowledged(int count, long dueNanos) {
        latencies.recordValue(Math.min(MAX_MICROS, (System.nanoTime() - dueNanos) / 1_000));
        rows.lazySet(rows.getPlain() + count);
    }

    void failed(String error) {
        if (failures.getAndIncrement() == 0) firstFailure.set(error);
    }

    private void run() {
        nextDue = System.nanoTime();
        try {
            for (SelectionKey key : keys) {
                if (paceNanos > 0) idle.add(key);
                else next(key, System.nanoTime());
            }
            while (!stopping || busy > 0) {
                if (paceNanos > 0 && !stopping) sendDue();
                selector.select(this::serve, paceNanos > 0 ? PACE_MILLIS : IDLE_MILLIS);
            }
        } catch (IOException | RuntimeException e) {
            failed(e.toString());
        }
    }

    /// Of a client that was idle when its turn came, the latency counts from when it sends; of one that was late because all were
    /// busy, from when it should have.
    private void sendDue() throws IOException {
        long now = System.nanoTime();
        while (nextDue <= now && !idle.isEmpty()) {
            boolean onTime = now - nextDue < PACE_MILLIS * 2_000_000;
            next(idle.poll(), onTime ? System.nanoTime() : nextDue);
            nextDue += paceNanos;
        }
    }

    private void next(SelectionKey key, long due) throws IOException {
        busy++;
        ((StormClient) key.attachment()).send(out, key, due);
    }

    private void serve(SelectionKey key) {
        var client = (StormClient) key.attachment();
        try {
            if (key.isWritable()) client.sendRest(key);
            if (!key.isReadable() || !client.receive(in, this)) return;
            busy--;
            if (stopping) return;
            if (paceNanos > 0) idle.add(key);
            else next(key, System.nanoTime());
        } catch (IOException e) {
            failed(e.toString());
            key.cancel();
            busy--;
        }
    }

    @Override
    public void close() throws IOException {
        stopping = true;
        selector.wakeup();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (StormClient client : clients) client.close();
        selector.close();
    }
}
