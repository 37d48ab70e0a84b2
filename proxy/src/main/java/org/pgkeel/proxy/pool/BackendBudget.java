package org.pgkeel.proxy.pool;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// A limit on open backend connections that several event loops share: of one pool, one database or one user.
/// Connections that are still being opened count.
/// Threading: shared; one atomic counter.
public final class BackendBudget {
    private static final long ASK_EVERY_NANOS = 10_000_000;
    private static final long NEVER = Long.MIN_VALUE;

    private final AtomicInteger open = new AtomicInteger();
    private final List<SharedPool<?>> members = new CopyOnWriteArrayList<>();
    private final AtomicLong askedNanos = new AtomicLong(NEVER);
    private volatile int max;

    /// @param max connections at most; it may be changed while connections are open
    public BackendBudget(int max) {
        this.max = max;
    }

    /// Takes one place.
    /// @param extra places beyond the limit that may be used too: the reserve
    /// @return false if all are taken
    public boolean tryTake(int extra) {
        while (true) {
            int now = open.get();
            if (now >= (long) max + extra) return false;
            if (open.compareAndSet(now, now + 1)) return true;
        }
    }

    /// A pool whose connections count here.
    void join(SharedPool<?> pool) {
        members.add(pool);
    }

    /// The pool is gone.
    void quit(SharedPool<?> pool) {
        members.remove(pool);
    }

    /// A pool has clients that wait and found no place: another one gives up connections that nobody uses. Under load many
    /// ask, and one question is enough.
    void askForPlace(SharedPool<?> hungry) {
        long now = hungry.nowNanos();
        long last = askedNanos.get();
        if (last != NEVER && now - last < ASK_EVERY_NANOS || !askedNanos.compareAndSet(last, now)) return;
        for (SharedPool<?> member : members) {
            if (member != hungry && member.open() > 0) member.yieldIdle();
        }
    }

    /// Gives one place back.
    public void giveBack() {
        if (open.decrementAndGet() < 0) throw new IllegalStateException("backend budget given back twice");
    }

    /// No pool and no connection counts here.
    boolean isUnused() {
        return members.isEmpty() && open.get() == 0;
    }

    /// Connections open or being opened.
    public int open() {
        return open.get();
    }

    public int max() {
        return max;
    }

    public void setMax(int max) {
        this.max = max;
    }

    /// More connections are open than the limit allows now: a reload lowered it.
    public boolean exceeded(int extra) {
        return open.get() > (long) max + extra;
    }
}
