package org.pgkeel.proxy.route;

import java.util.Map;
import java.util.Set;
import org.pgkeel.failover.topology.NodeAddress;

/// A node that may be asked to answer a read, as it was seen last. Asked for every read, so it is no value that has to be made each time.
public interface Candidate {
    long UNKNOWN = Long.MIN_VALUE;

    NodeAddress address();

    /// Another number after each restart of the node, which may set it back behind what it has shown.
    long incarnation();

    boolean primary();

    /// Of Patroni, those that answer 200 for it, as [org.pgkeel.failover.topology.Replica#endpoints].
    Set<String> endpoints();

    Map<String, String> tags();

    /// Bytes of WAL that it has yet to replay; [#UNKNOWN] if that is not known.
    long lagBytes();

    /// It has replayed everything that any client was told of before this `System.nanoTime()`: the moment when the primary was asked for the flush
    /// position that this node has replayed since. [#UNKNOWN] before the first, and again after each change of the primary.
    long freshAsOf();

    /// Statements and transactions of this proxy that run there.
    int outstanding();

    /// To be chosen only if no other will do.
    boolean recentlyFailed();
}
