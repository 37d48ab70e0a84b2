package org.pgkeel.proxy.login;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// How many logins are under way, all event loops together. Threading: shared, guarded by an atomic counter.
public final class PendingLogins {
    /// One login's place; left once, however often it is said.
    static final class Place {
        static final Place NONE = new Place(new AtomicInteger(1));

        private final AtomicInteger count;
        private final AtomicBoolean left = new AtomicBoolean();

        private Place(AtomicInteger count) {
            this.count = count;
        }

        void leave() {
            if (left.compareAndSet(false, true)) count.decrementAndGet();
        }
    }

    private final AtomicInteger count = new AtomicInteger();

    /// A place, if fewer than `max` are taken.
    Optional<Place> take(int max) {
        for (int now = count.get(); now < max; now = count.get()) {
            if (count.compareAndSet(now, now + 1)) return Optional.of(new Place(count));
        }
        return Optional.empty();
    }

    /// Logins under way, for metrics and the console.
    public int count() {
        return count.get();
    }
}
