package org.pgkeel.proxy.pool;

import org.pgkeel.proxy.refusal.Refusal;

/// Who waits for a backend connection: a client session, as far as a pool needs to know it. At most one lease is
/// asked for at a time.
/// Threading: confined to the slice's event loop.
///
/// @param <C> the connections of the pool
public interface Waiter<C extends PooledConnection> {
    /// The connection is the waiter's until it is released.
    void leased(C connection);

    /// Bytes of the request that waits, for the bounds of a hold.
    int requestBytes();

    /// Asked now and then while it is held: whether another pool can serve it after all. If so it is taken out of this line and told so by [#left].
    default boolean findsElsewhere() {
        return false;
    }

    /// It does not stand in this line any more, as it has found another pool.
    default void left() {}

    /// There will be no connection: the wait ran out, the queue is full, or the server refused us.
    void refused(Refusal refusal);
}
