package org.pgkeel.failover.topology;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A server in recovery that answers.
///
/// Threading: immutable.
///
/// @param name      Patroni's name of the member; the address where there is no Patroni
/// @param timeline  that it replays; 0 if unknown
/// @param endpoints of Patroni's REST API that answer 200 for it: [#REPLICA], [#READ_ONLY], [#SYNCHRONOUS], [#ASYNCHRONOUS], [#QUORUM];
///                  without Patroni the first two
/// @param tags      Patroni's tags, `noloadbalance`, `zone` and the like; values as text
/// @param replayed  position that it had replayed when it was asked last
public record Replica(String name, NodeAddress address, int timeline, Set<String> endpoints, Map<String, String> tags, Optional<Lsn> replayed) {
    public static final String REPLICA = "replica";
    public static final String READ_ONLY = "read-only";
    public static final String SYNCHRONOUS = "synchronous";
    public static final String ASYNCHRONOUS = "asynchronous";
    public static final String QUORUM = "quorum";

    public Replica {
        endpoints = Set.copyOf(endpoints);
        tags = Map.copyOf(tags);
    }
}
