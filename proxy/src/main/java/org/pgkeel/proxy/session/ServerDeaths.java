package org.pgkeel.proxy.session;

import java.util.HashMap;
import java.util.Map;
import org.pgkeel.failover.topology.NodeAddress;

/// How often a server has died under what a client has under way: it may be what they die of, and is not run for ever.
///
/// Law: one death counts once, however many connections it has cost. A primary has died once in a reign at most: of one that lives on, only connections are lost. Of a replica a
/// connection that was open already when it died last has died with it.
///
/// Threading: confined to the session's event loop.
final class ServerDeaths {
    private int count;
    /// The last one that ended so.
    private long reign;
    /// When each replica died last.
    private Map<NodeAddress, Long> lastNanos = Map.of();

    int count() {
        return count;
    }

    /// A connection to a primary is lost as one is whose server dies.
    /// @param number of its reign
    void ofPrimary(long number) {
        if (number <= reign) return;
        reign = number;
        count++;
    }

    /// A connection to a replica is lost as one is whose server dies.
    /// @param openedNanos when it was made
    void ofReplica(NodeAddress server, long openedNanos, long nowNanos) {
        Long last = lastNanos.get(server);
        if (last != null && openedNanos - last <= 0) return;
        if (lastNanos.isEmpty()) lastNanos = new HashMap<>();
        lastNanos.put(server, nowNanos);
        count++;
    }

    /// What was under way is over.
    void forget() {
        if (count == 0) return;
        count = 0;
        reign = 0;
        lastNanos = Map.of();
    }
}
