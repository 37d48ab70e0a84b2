package org.pgkeel.proxy.pool;

/// Opens backend connections for a pool.
///
/// @param <C> the connections of the pool
@FunctionalInterface
public interface Opener<C extends PooledConnection> {
    /// Starts one attempt on the slice's event loop. It ends, later and on that loop, in exactly one call of
    /// [PoolSlice#opened] or [PoolSlice#openFailed].
    void open(PoolSlice<C> slice);

    /// A connection of the slice was closed, for counting. Called on the slice's event loop.
    default void closed(PoolSlice<C> slice, CloseReason reason) {}
}
