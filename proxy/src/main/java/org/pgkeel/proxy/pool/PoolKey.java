package org.pgkeel.proxy.pool;

import java.util.Optional;
import org.pgkeel.failover.topology.NodeAddress;

/// What makes two sessions share backend connections.
///
/// @param database the database that the client named
/// @param user     the user that the client logged in as
/// @param replica  the one server that the pool connects to; empty for the cluster's primary, whoever that is
public record PoolKey(String database, String user, Optional<NodeAddress> replica) {
    /// To the primary.
    public PoolKey(String database, String user) {
        this(database, user, Optional.empty());
    }

    public boolean isToReplica() {
        return replica.isPresent();
    }
}
