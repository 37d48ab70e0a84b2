package org.pgkeel.proxy.route;

import java.util.Map;
import java.util.Set;
import org.pgkeel.failover.topology.NodeAddress;

/// A node that may be asked to answer a read, as it was seen last.
///
/// @param incarnation  another number after each restart of the node, which may set it back behind what it has shown
/// @param endpoints    of Patroni that answer 200 for it, as [org.pgkeel.failover.topology.Replica#endpoints]
/// @param lagBytes     of WAL that it has yet to replay; [#UNKNOWN] if that is not known
/// @param freshAsOf    it has replayed everything that any client was told of before this `System.nanoTime()`: the moment
///                     when the primary was asked for the flush position that this node has replayed since. [#UNKNOWN] before
///                     the first, and again after each change of the primary
/// @param outstanding  statements and transactions of this proxy that run there
/// @param recentlyFailed to be chosen only if no other will do
public record Candidate(NodeAddress address, long incarnation, boolean primary, Set<String> endpoints, Map<String, String> tags, long lagBytes,
                        long freshAsOf, int outstanding, boolean recentlyFailed) {
    public static final long UNKNOWN = Long.MIN_VALUE;
}
