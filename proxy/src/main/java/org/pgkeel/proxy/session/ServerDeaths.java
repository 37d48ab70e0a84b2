package org.pgkeel.proxy.session;

import java.util.HashMap;
import java.util.Map;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.relay.ServerDeath;

/// How much the deaths of servers weigh against what a client has under way: it may be what they die of, and is not run for ever.
///
/// Law: a silent death weighs three times what one does that was announced as a crash, and what is too much says [ServerDeath]. One death counts once, however many connections it
/// has cost. A primary has died once in a reign at most: of one that lives on, only connections are lost. Of a replica a connection that was open already when it died last has
/// died with it.
///
/// Threading: confined to the session's event loop.
final class ServerDeaths {
    private int weight;
    /// The last one that ended so.
    private long reign;
    /// When each replica died last.
    private Map<NodeAddress, Long> lastNanos = Map.of();

    int weight() {
        return weight;
    }

    /// A connection to a primary is lost.
    /// @param number of its reign
    void ofPrimary(ServerDeath how, long number) {
        if (how == ServerDeath.NONE || number <= reign) return;
        reign = number;
        weight += how.weight();
    }

    /// A connection to a replica is lost.
    /// @param openedNanos when it was made
    void ofReplica(ServerDeath how, NodeAddress server, long openedNanos, long nowNanos) {
        if (how == ServerDeath.NONE) return;
        Long last = lastNanos.get(server);
        if (last != null && openedNanos - last <= 0) return;
        if (lastNanos.isEmpty()) lastNanos = new HashMap<>();
        lastNanos.put(server, nowNanos);
        weight += how.weight();
    }

    /// What was under way is over.
    void forget() {
        if (weight == 0) return;
        weight = 0;
        reign = 0;
        lastNanos = Map.of();
    }
}
