package org.pgkeel.proxy.pool;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.pgkeel.failover.hold.DrainPace;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// Whether the pools of one cluster's primary lend, or those of a database that was paused, and at which pace: what a [Hold] means for
/// them, and its book-keeping.
///
/// | hold     | who asks for a lease                                              |
/// |----------|-------------------------------------------------------------------|
/// | Open     | gets one, or waits for one of the pool                            |
/// | Holding  | waits, at most `hold.max-wait`; within the bounds of `hold.max-clients` and `hold.max-bytes` |
/// | Draining | gets one if the pace allows it; its permit goes back when the lease has had an answer, or after 200 ms |
/// | Refusing | is refused                                                        |
///
/// Law: held = drained + refused + gone + waiting.
///
/// Threading: shared. While it is open a lease costs one volatile read.
public final class LeaseGate {
    /// The bounds of a hold: the `hold.*` keys.
    public record Bounds(Duration maxWait, int maxClients, long maxBytes, int drainConcurrency) {}

    /// How a lease came through.
    enum Entry {
        FREE,
        /// With a permit of the drain, to be given back by [#release].
        PERMITTED,
        CLOSED
    }

    private final String cluster;
    /// That is paused; empty for the hold of the cluster.
    private final String database;
    private volatile LongConsumer onDrained;
    private final Set<PoolSlice<?>> waitingSlices = ConcurrentHashMap.newKeySet();
    private final AtomicReference<DrainPace> pace = new AtomicReference<>(DrainPace.start(1));
    private final HoldBooks books = new HoldBooks();
    private final AtomicReference<Hold> hold = new AtomicReference<>(Hold.OPEN);
    private volatile Bounds bounds;
    private volatile boolean open = true;
    private volatile long openedNanos = Long.MIN_VALUE;
    private long beganNanos = System.nanoTime();
    private volatile long changedNanos = System.nanoTime();

    /// @param onDrained nobody waits any more who was held before this reign; may be called by several threads
    public LeaseGate(String cluster, Bounds bounds, LongConsumer onDrained) {
        this(cluster, "", bounds, onDrained);
    }

    /// Of one database that is paused.
    public static LeaseGate byHand(String cluster, String database, Bounds bounds, LongConsumer onDrained) {
        return new LeaseGate(cluster, database, bounds, onDrained);
    }

    private LeaseGate(String cluster, String database, Bounds bounds, LongConsumer onDrained) {
        this.cluster = cluster;
        this.database = database;
        this.bounds = bounds;
        this.onDrained = onDrained;
    }

    /// For pools that nothing holds.
    public static LeaseGate alwaysOpen() {
        return new LeaseGate("", new Bounds(Duration.ZERO, Integer.MAX_VALUE, Long.MAX_VALUE, 1), _ -> { });
    }

    /// A reload changed the bounds.
    public void bounds(Bounds changed) {
        bounds = changed;
    }

    /// A reload made another cluster of it.
    public void onDrained(LongConsumer changed) {
        onDrained = changed;
    }

    /// The cluster's hold has changed. The pools are to be told by [SharedPool#holdChanged].
    public synchronized void become(Hold next, long nowNanos) {
        Hold before = hold.get();
        if (before.equals(next)) return;
        switch (next) {
            case Hold.Draining _ -> pace.set(DrainPace.start(bounds.drainConcurrency()));
            case Hold.Open _ -> openedNanos = nowNanos;
            case Hold.Holding _, Hold.Refusing _ -> { }
        }
        beginOrEnd(before, next, nowNanos);
        changedNanos = nowNanos;
        hold.set(next);
        open = next.isOpen();
    }

    private void beginOrEnd(Hold before, Hold next, long nowNanos) {
        boolean was = before instanceof Hold.Holding || before instanceof Hold.Refusing;
        boolean is = next instanceof Hold.Holding || next instanceof Hold.Refusing;
        if (!was && is) beganNanos = nowNanos;
        if (was && !is) books.ended(nowNanos - beganNanos);
    }

    /// A hold may have become too old, of which nobody is told: those that wait are refused one by one as their time comes.
    public synchronized void age(Hold now) {
        if (!(now instanceof Hold.Refusing) || !(hold.get() instanceof Hold.Holding)) return;
        changedNanos = System.nanoTime();
        hold.set(now);
    }

    public Hold hold() {
        return hold.get();
    }

    public boolean isOpen() {
        return open;
    }

    /// @param nowNanos of the clock that [#become] was told
    public HoldSnapshot snapshot(long nowNanos) {
        HoldBooks.Page page = books.page();
        Bounds now = bounds;
        Hold state = hold.get();
        return new HoldSnapshot(cluster, database, word(state), reason(state), nowNanos - changedNanos, page.waiting(), page.waitingBytes(), page.held(), page.drained(),
                page.refused(), page.gone(), page.longestNanos(), now.maxWait(), now.maxClients(), now.maxBytes(), now.drainConcurrency(), page.durations(), page.waits());
    }

    private static String word(Hold state) {
        return switch (state) {
            case Hold.Open _ -> "open";
            case Hold.Holding _ -> "holding";
            case Hold.Draining _ -> "draining";
            case Hold.Refusing _ -> "refusing";
        };
    }

    private static String reason(Hold state) {
        return switch (state) {
            case Hold.Holding(_, var reason) -> reason.word();
            case Hold.Refusing(_, var reason) -> reason.word();
            case Hold.Open _, Hold.Draining _ -> "";
        };
    }

    Entry enter() {
        if (open) return Entry.FREE;
        return switch (hold.get()) {
            case Hold.Open _ -> Entry.FREE;
            case Hold.Holding _, Hold.Refusing _ -> Entry.CLOSED;
            case Hold.Draining _ -> takePermit();
        };
    }

    private Entry takePermit() {
        while (true) {
            DrainPace now = pace.get();
            if (!now.mayLease()) return Entry.CLOSED;
            if (pace.compareAndSet(now, now.leased())) return Entry.PERMITTED;
        }
    }

    /// The lease of a permit has begun, or ended.
    void release() {
        while (true) {
            DrainPace now = pace.get();
            if (now.out() == 0) return;   // of a drain that is over
            if (pace.compareAndSet(now, now.released())) break;
        }
        for (PoolSlice<?> slice : waitingSlices) slice.eventLoop().execute(slice::serve);
    }

    /// Somebody waits in a slice.
    void waits(PoolSlice<?> slice) {
        waitingSlices.add(slice);
    }

    /// Nobody waits in a slice.
    void waitsNoMore(PoolSlice<?> slice) {
        waitingSlices.remove(slice);
    }

    // --- who is held

    /// Somebody is held from now on.
    /// @return why it may not be
    Optional<Refusal> hold(int bytes) {
        int clients = books.held(bytes);
        long allBytes = books.waitingBytes();
        Bounds now = bounds;
        return switch (hold.get()) {
            case Hold.Refusing _ -> Optional.of(waitedTooLong());
            case Hold.Open _, Hold.Holding _, Hold.Draining _ when clients > now.maxClients() -> Optional.of(Refusal.of(RefusalReason.HOLD_QUEUE_FULL,
                    now.maxClients() + " clients wait for " + what() + " already", key("max-clients")));
            case Hold.Open _, Hold.Holding _, Hold.Draining _ -> tooMuch(allBytes);
        };
    }

    /// One that is held has sent more.
    /// @return why it may not be held any more
    Optional<Refusal> holdMore(int bytes) {
        return tooMuch(books.more(bytes));
    }

    private Optional<Refusal> tooMuch(long waitingBytes) {
        long max = bounds.maxBytes();
        if (waitingBytes <= max) return Optional.empty();
        return Optional.of(Refusal.of(RefusalReason.HOLD_QUEUE_FULL, "requests of " + max + " bytes wait for " + what() + " already", key("max-bytes")));
    }

    Refusal waitedTooLong() {
        String reason = reason(hold.get());
        return Refusal.of(RefusalReason.HOLD_TIMEOUT, (database.isEmpty() ? "no primary of cluster \"" + cluster + "\"" : "database \"" + database + "\" is paused and was not resumed") + " within " + bounds.maxWait().toMillis() + " ms" + (reason.isEmpty() ? "" : ": " + reason), key("max-wait"));
    }

    private String what() {
        return database.isEmpty() ? "a primary of cluster \"" + cluster + "\"" : "database \"" + database + "\" to be resumed";
    }

    private String key(String name) {
        return "The limit is clusters." + cluster + ".hold." + name + ".";
    }

    /// One that was held has a lease.
    void drained(int bytes, long waitedNanos) {
        books.drained(bytes, waitedNanos);
        openIfDrained();
    }

    void refused(int bytes) {
        books.refused(bytes);
        openIfDrained();
    }

    void gone(int bytes) {
        books.gone(bytes);
        openIfDrained();
    }

    /// Ends the drain if nobody waits.
    public void openIfDrained() {
        if (books.waiting() > 0 || !(hold.get() instanceof Hold.Draining(long reign))) return;
        opens(reign);
        onDrained.accept(reign);
    }

    private synchronized void opens(long reign) {
        if (hold.get() instanceof Hold.Draining(long lasting) && lasting == reign) become(Hold.OPEN, System.nanoTime());
    }

    // --- deadlines

    /// Since when a waiter's deadline runs.
    /// @param sinceNanos since when it waits
    long deadlineBegins(long sinceNanos) {
        return openedNanos == Long.MIN_VALUE || openedNanos - sinceNanos < 0 ? sinceNanos : openedNanos;
    }

    Duration maxWait() {
        return bounds.maxWait();
    }
}
