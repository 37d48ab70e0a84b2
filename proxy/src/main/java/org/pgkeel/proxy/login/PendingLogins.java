package org.pgkeel.proxy.login;

import java.util.concurrent.atomic.AtomicInteger;

/// How many logins are under way, all event loops together. Threading: shared, guarded by an atomic counter.
public final class PendingLogins {
    private final AtomicInteger count = new AtomicInteger();

    /// Takes a place if fewer than `max` are taken.
    boolean enter(int max) {
        int now = count.get();
        while (now < max) {
            if (count.compareAndSet(now, now + 1)) return true;
            now = count.get();
        }
        return false;
    }

    void leave() {
        count.decrementAndGet();
    }

    /// Logins under way, for metrics and the console.
    public int count() {
        return count.get();
    }
}
