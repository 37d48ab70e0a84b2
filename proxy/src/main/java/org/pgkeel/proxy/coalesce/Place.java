package org.pgkeel.proxy.coalesce;

import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.config.OutcomeMode;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.relay.BackendConnection;

/// Where batches of one database and user run: an event loop's slice of the pool to the primary.
///
/// Threading: confined to its event loop.
public interface Place {
    PoolSlice<BackendConnection> slice();

    /// It may change with a reload.
    Cluster cluster();

    /// Its clients stay when a backend is lost.
    boolean outlivesBackends();

    /// How often the catalogue has changed, as far as the proxy saw.
    int generation();

    /// All clients whose rows have an order are served by this event loop, see [HomeLoop].
    boolean isHome();

    /// What became of a batch is found out when its server is lost.
    default boolean isTracked() {
        return outlivesBackends() && cluster().config().outcome() != OutcomeMode.OFF;
    }
}
