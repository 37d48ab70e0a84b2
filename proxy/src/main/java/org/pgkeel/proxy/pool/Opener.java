package org.pgkeel.proxy.pool;

/// Opens backend connections for a pool.
///
/// @param <C> the connections of the pool
@FunctionalInterface
public interface Opener<C extends PooledConnection> {
    /// Starts one attempt on the slice's event loop. It ends, later and on that loop, in exactly one call of
    /// [PoolSlice#opened] or [PoolSlice#openFailed].
    void open(PoolSlice<C> slice);

    /// Has a connection that was opened to a replica confirm that its server is the primary that the slice's pool connects to now. Called on the slice's event
    /// loop; ends there in [PoolSlice#cleaned] or [PoolSlice#close]. Who cannot ask closes it.
    default void confirm(PoolSlice<C> slice, C connection) {
        slice.close(connection, CloseReason.RECYCLED, slice.shared().nowNanos());
    }

    /// A connection of the slice was closed, for counting. Called on the slice's event loop.
    default void closed(PoolSlice<C> slice, CloseReason reason) {}
}
