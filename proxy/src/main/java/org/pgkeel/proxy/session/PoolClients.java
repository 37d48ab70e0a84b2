package org.pgkeel.proxy.session;

import java.util.concurrent.atomic.AtomicInteger;

/// The clients that are in a pool, each from its login to its end, and when a pool without any is to be vacated: closed what is idle in it, as a statement was
/// sent for which the server wants nobody in the database.
///
/// Anybody may send such a statement, as often as they like, and whether the server does it is not known yet. So nothing is taken from a client that is in, as
/// PostgreSQL itself would refuse then.
///
/// | event                                       | is the pool vacated?          |
/// |---------------------------------------------|-------------------------------|
/// | nobody may be in, and a client is           | not now                       |
/// | nobody may be in, and nobody is             | yes, but once in 5 s at most  |
/// | the last client leaves, up to 10 s later    | yes                           |
///
/// Threading: shared; what changes is atomic or volatile, and a request that meets the last client's leave is seen by one of the two.
final class PoolClients {
    private static final int RETIRED = -1;
    /// So long does the server wait for others to leave, from the statement on.
    /// <https://www.postgresql.org/docs/current/sql-dropdatabase.html>
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    /// A request in the last moment of the time in which the pool is not vacated again has the server wait as long, too. Until then its minimum is not opened again.
    static final long LEAVERS_NANOS = 2 * PATIENCE_NANOS;

    /// How many are in, or [#RETIRED].
    private final AtomicInteger clients = new AtomicInteger();
    private volatile long wantedOutNanos;

    PoolClients(long nowNanos) {
        wantedOutNanos = nowNanos - LEAVERS_NANOS;
    }

    /// @return false if the pool is retired
    boolean enter() {
        for (int now = clients.get(); now != RETIRED; now = clients.get()) {
            if (clients.compareAndSet(now, now + 1)) return true;
        }
        return false;
    }

    /// @return whether the pool is to be vacated now
    boolean leave(long nowNanos) {
        return clients.decrementAndGet() == 0 && nowNanos - wantedOutNanos < LEAVERS_NANOS;
    }

    /// A statement is about to be sent for which nobody may be in the database.
    /// @return whether the pool is to be vacated now
    boolean wantedOut(long nowNanos) {
        if (nowNanos - wantedOutNanos < PATIENCE_NANOS) return false;
        wantedOutNanos = nowNanos;
        return isEmpty();
    }

    boolean isEmpty() {
        return clients.get() == 0;
    }

    /// Lets nobody enter any more, unless somebody is in.
    boolean retire() {
        return clients.compareAndSet(0, RETIRED);
    }

    boolean isRetired() {
        return clients.get() == RETIRED;
    }
}
