package org.pgkeel.proxy.pool;

/// When a slice has connections opened: for who waits; beyond the pool's limit for who has waited long; up to `pool.min`; and, on a replica,
/// ahead of a promotion.
///
/// Threading: confined to the slice's event loop.
///
/// @param <C> the connections of the pool
final class Supply<C extends PooledConnection> {
    /// Of connections that nobody has asked for: their server has other things to do.
    private static final int SPARES_AT_ONCE = 2;
    private static final long SPARES_AFTER_YIELD_NANOS = 1_000_000_000L;
    private static final long SPARES_AFTER_FAILURE_NANOS = 5_000_000_000L;

    private final PoolSlice<C> slice;
    private final SharedPool<C> shared;
    private final WaitingLine<C> waiting;
    private final IdleConnections<C> idle;
    private final OpenAttempts<C> attempts;
    private long sparesFromNanos;

    Supply(PoolSlice<C> slice, WaitingLine<C> waiting, IdleConnections<C> idle, OpenAttempts<C> attempts) {
        this.slice = slice;
        this.shared = slice.shared();
        this.waiting = waiting;
        this.idle = idle;
        this.attempts = attempts;
        this.sparesFromNanos = shared.nowNanos();
    }

    /// For each who waits, one that is checked or opened; where the limits leave no place, the siblings are asked.
    void openMore(long nowNanos) {
        if (!attempts.areAllowed()) return;
        while (waiting.size() > attempts.underWay() + idle.checking() + idle.ready(nowNanos)) {
            if (idle.checkOne(nowNanos)) continue;
            if (attempts.isTooSoon(nowNanos) || !attempts.begin(0)) {
                if (shared.slices().size() > 1 && !waiting.isEmpty()) shared.hungry(slice.index(), waiting.headSinceNanos());
                return;
            }
            if (attempts.isSingle()) return;
        }
    }

    void openReserve(long nowNanos) {
        var shape = shared.settings().shape();
        if (shape.reserve() == 0 || waiting.isEmpty() || !mayBegin(nowNanos)) return;
        if (slice.longestWaitNanos(nowNanos) < shape.reserveWait().toNanos()) return;
        if (waiting.size() > attempts.underWay() + idle.checking()) attempts.begin(shape.reserve());
    }

    void keepMinimum(long nowNanos) {
        if (!shared.keepsMinimum() || !mayBegin(nowNanos) || shared.isVacated(nowNanos)) return;
        int missing = shared.settings().shape().min() - shared.open();
        for (int i = 0; i < missing && attempts.begin(0); i++) {
            if (attempts.isSingle()) return;
        }
    }

    /// @param missing how many are still to be opened, those under way included
    void keepReady(int missing, long nowNanos) {
        if (!mayBegin(nowNanos) || nowNanos - sparesFromNanos < 0) return;
        int now = Math.min(missing, SPARES_AT_ONCE) - attempts.underWay();
        for (int i = 0; i < now && attempts.beginSpare(); i++) {
            if (attempts.isSingle()) return;
        }
    }

    private boolean mayBegin(long nowNanos) {
        return attempts.areAllowed() && !attempts.isTooSoon(nowNanos);
    }

    /// One that nobody waits for could not be opened: a new attempt is not urgent.
    void spareFailed(long nowNanos) {
        attempts.spareFailed();
        sparesFromNanos = nowNanos + SPARES_AFTER_FAILURE_NANOS;
    }

    /// Another pool wants the places.
    void yielded(long nowNanos) {
        sparesFromNanos = nowNanos + SPARES_AFTER_YIELD_NANOS;
    }
}
