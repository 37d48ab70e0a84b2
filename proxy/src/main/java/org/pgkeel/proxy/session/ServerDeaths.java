package org.pgkeel.proxy.session;

import java.util.HashMap;
import java.util.Map;
import org.pgkeel.failover.topology.NodeAddress;

/// How often a server has died under what a client has under way: it may be what they die of, and is not run for ever.
///
/// Law: one death counts once, however many connections it has cost. One that was open already when its server died last has died with it.
///
/// Threading: confined to the session's event loop.
final class ServerDeaths {
    private int count;
    /// When each died last.
    private Map<NodeAddress, Long> lastNanos = Map.of();

    int count() {
        return count;
    }

    /// A connection is lost as one is whose server dies.
    /// @param openedNanos when it was made
    void seen(NodeAddress server, long openedNanos, long nowNanos) {
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
        lastNanos = Map.of();
    }
}
