package org.pgkeel.proxy.pool;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// Who waits for a connection of one slice, in the order in which they are served.
///
/// Whoever waits while the gate is not open is on its books from then on, and leaves them once: drained, refused or gone. The pool and the gate know
/// since when the head waits, or that nobody does.
///
/// Threading: confined to the slice's event loop.
///
/// @param <C> the connections of the pool
final class WaitingLine<C extends PooledConnection> {
    private final PoolSlice<C> slice;
    private final SharedPool<C> shared;
    private final ArrayDeque<Entry<C>> entries = new ArrayDeque<>();

    /// One who waits.
    static final class Entry<C extends PooledConnection> {
        private final Waiter<C> waiter;
        private final long sinceNanos;
        /// Has it on its books; null if it only waits for a connection of the pool.
        private @Nullable LeaseGate heldBy;
        /// Of its request, as they stand on the books.
        private int heldBytes;

        private Entry(Waiter<C> waiter, long sinceNanos, LeaseGate gate) {
            this.waiter = waiter;
            this.sinceNanos = sinceNanos;
            if (!gate.isOpen()) heldBy(gate);
        }

        private void heldBy(LeaseGate gate) {
            heldBy = gate;
            heldBytes = waiter.requestBytes();
        }
    }

    WaitingLine(PoolSlice<C> slice) {
        this.slice = slice;
        this.shared = slice.shared();
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    int size() {
        return entries.size();
    }

    /// @return since when the head waits, [Hunger#NOBODY] if nobody does
    long headSinceNanos() {
        var first = entries.peekFirst();
        return first == null ? Hunger.NOBODY : first.sinceNanos;
    }

    Entry<C> addLast(Waiter<C> waiter, long nowNanos) {
        var entry = new Entry<>(waiter, nowNanos, shared.gate());
        entries.addLast(entry);
        added(entry);
        return entry;
    }

    /// Ahead of all others.
    Entry<C> addFirst(Waiter<C> waiter, long nowNanos) {
        var entry = new Entry<>(waiter, nowNanos, shared.gate());
        entries.addFirst(entry);
        added(entry);
        return entry;
    }

    private void added(Entry<C> entry) {
        if (!shared.gate().isOpen()) shared.gate().waits(slice);
        book(entry);
    }

    private void book(Entry<C> entry) {
        LeaseGate gate = entry.heldBy;
        if (gate != null) gate.hold(entry.heldBytes).ifPresent(refusal -> refuseLater(entry, refusal));
    }

    private void refuseLater(Entry<C> entry, Refusal refusal) {
        slice.eventLoop().execute(() -> refuse(entry, refusal));
    }

    /// One that is on the books has sent more. Mostly it is the one that came last.
    void hasSentMore(Waiter<C> waiter) {
        for (var each = entries.descendingIterator(); each.hasNext(); ) {
            var entry = each.next();
            if (entry.waiter != waiter) continue;
            LeaseGate gate = entry.heldBy;
            int more = waiter.requestBytes() - entry.heldBytes;
            if (gate == null || more <= 0) return;
            entry.heldBytes += more;
            gate.holdMore(more).ifPresent(refusal -> refuseLater(entry, refusal));
            return;
        }
    }

    /// The head is served.
    Waiter<C> takeFirst(long nowNanos) {
        var entry = entries.removeFirst();
        long waitedNanos = nowNanos - entry.sinceNanos;
        if (entry.heldBy != null) entry.heldBy.drained(entry.heldBytes, waitedNanos);
        slice.stats().waited(waitedNanos);
        headChanged();
        return entry.waiter;
    }

    /// Does nothing if it does not wait any more.
    void refuse(Entry<C> entry, Refusal refusal) {
        if (!entries.remove(entry)) return;
        headChanged();
        refused(entry, refusal);
    }

    void refuseAll(Refusal why) {
        var all = new ArrayList<>(entries);
        entries.clear();
        headChanged();
        for (var entry : all) refused(entry, why);
    }

    private static <C extends PooledConnection> void refused(Entry<C> entry, Refusal why) {
        if (entry.heldBy != null) entry.heldBy.refused(entry.heldBytes);
        entry.waiter.refused(why);
    }

    /// The waiter does not want a connection any more.
    void leave(Waiter<C> waiter) {
        entries.removeIf(entry -> {
            boolean itself = entry.waiter == waiter;
            if (itself && entry.heldBy != null) entry.heldBy.gone(entry.heldBytes);
            return itself;
        });
        headChanged();
    }

    /// The hold of the cluster has changed: whoever waits is held from now on, if it is not already.
    void holdChanged() {
        LeaseGate gate = shared.gate();
        if (gate.isOpen()) return;
        if (!entries.isEmpty()) gate.waits(slice);
        for (var entry : entries) {
            if (entry.heldBy != null) continue;
            entry.heldBy(gate);
            book(entry);
        }
    }

    /// Whoever can be served elsewhere leaves.
    void lookElsewhere() {
        var leaving = new ArrayList<Entry<C>>();
        for (var entry : entries) if (entry.waiter.findsElsewhere()) leaving.add(entry);
        if (leaving.isEmpty()) return;
        entries.removeAll(new HashSet<>(leaving));
        headChanged();
        for (var entry : leaving) {
            if (entry.heldBy != null) entry.heldBy.gone(entry.heldBytes);
            entry.waiter.left();
        }
    }

    /// Refuses those whose wait has run out, wherever they stand: ahead of those who came first there may be some who have lost a lease since.
    /// @param lastFailure why no connection could be opened, if that is so
    void expire(long nowNanos, Optional<Refusal> lastFailure) {
        WaitLimit limit = shared.waitLimit();
        var expired = new ArrayList<Entry<C>>(0);
        for (var entry : entries) if (limit.isOver(entry.sinceNanos, nowNanos)) expired.add(entry);
        for (var entry : expired) refuse(entry, limit.ofHold().orElseGet(() -> waitedTooLong(limit.most(), lastFailure)));
    }

    private Refusal waitedTooLong(Duration maxWait, Optional<Refusal> lastFailure) {
        PoolKey key = shared.key();
        var refusal = Refusal.of(RefusalReason.POOL_WAIT_TIMEOUT,
                "no backend connection for database \"" + key.database() + "\", user \"" + key.user() + "\" within " + maxWait.toMillis() + " ms",
                "The wait is databases." + key.database() + ".pool.max-wait, the number of connections pool.max.");
        return lastFailure.map(failure -> refusal.withDetail(failure.message())).orElse(refusal);
    }

    private void headChanged() {
        var first = entries.peekFirst();
        if (first == null) {
            shared.hunger().ends(slice.index());
            shared.gate().waitsNoMore(slice);
        } else {
            shared.hunger().nextWaits(slice.index(), first.sinceNanos);
        }
    }
}
