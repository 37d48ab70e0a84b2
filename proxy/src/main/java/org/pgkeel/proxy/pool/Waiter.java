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

    /// There will be no connection: the wait ran out, the queue is full, or the server refused us.
    void refused(Refusal refusal);
}
