package org.pgkeel.proxy.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/// Which slices of a pool are *hungry*: clients wait there, and the slice may not open another connection. Its siblings look here before they keep a
/// connection that comes back.
///
/// Only the slice itself writes its place. While nobody is hungry a look costs one volatile read.
///
/// Threading: shared, atomic.
final class Hunger {
    /// In the place of a time since when somebody waits.
    static final long NOBODY = Long.MAX_VALUE;
    /// How much longer than a slice's own longest wait a sibling's must be, before a connection moves over: FIFO holds
    /// across event loops within this bound.
    private static final long UNFAIR_NANOS = 2_000_000;

    private final AtomicInteger hungry = new AtomicInteger();
    /// Per slice: since when its oldest client has waited; [#NOBODY] if it is not hungry.
    private final AtomicLongArray since;

    Hunger(int slices) {
        since = new AtomicLongArray(slices);
        for (int i = 0; i < slices; i++) since.set(i, NOBODY);
    }

    /// A slice's oldest client waits since then and the slice cannot help itself.
    /// @return whether this is new
    boolean begins(int slice, long sinceNanos) {
        boolean isNew = since.getAndSet(slice, sinceNanos) == NOBODY;
        if (isNew) hungry.incrementAndGet();
        return isNew;
    }

    /// The oldest client has gone, and the next one waits since then. Without this a slice would go on taking connections
    /// for a client that has been served.
    void nextWaits(int slice, long sinceNanos) {
        if (since.get(slice) != NOBODY) since.set(slice, sinceNanos);
    }

    void ends(int slice) {
        if (since.get(slice) == NOBODY) return;
        since.set(slice, NOBODY);
        hungry.decrementAndGet();
    }

    boolean isNobodys() {
        return hungry.get() == 0;
    }

    boolean isOf(int slice) {
        return since.get(slice) != NOBODY;
    }

    /// The slice to which a connection released in `from` should go instead of to its own oldest client.
    /// @param ownSinceNanos since when that client waits, [#NOBODY] if nobody does
    /// @return its index, or -1
    int greaterThanOf(int from, long ownSinceNanos) {
        int chosen = -1;
        long oldest = ownSinceNanos == NOBODY ? NOBODY : ownSinceNanos - UNFAIR_NANOS;
        for (int i = 0; i < since.length(); i++) {
            long itsSince = since.get(i);
            if (i != from && itsSince != NOBODY && (oldest == NOBODY || itsSince - oldest < 0)) {
                chosen = i;
                oldest = itsSince;
            }
        }
        return chosen;
    }
}
