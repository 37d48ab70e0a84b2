package org.pgkeel.proxy.session;

import java.util.Map;
import java.util.Set;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.ReplicaState;
import org.pgkeel.proxy.route.Candidate;

/// A server of the topology that reads may go to, and what was seen of it when it was looked at last.
///
/// Threading: confined to its event loop.
final class Place implements Candidate {
    private final NodeAddress address;
    private final boolean primary;
    private final Set<String> endpoints;
    private final Map<String, String> tags;
    private final Nodes.Use use;
    private long incarnation;
    private long lagBytes;
    private long freshAsOf;
    private boolean recentlyFailed;

    Place(Replica replica, Nodes.Use use) {
        this.address = replica.address();
        this.primary = false;
        this.endpoints = replica.endpoints();
        this.tags = replica.tags();
        this.use = use;
    }

    Place(Primary primary, Nodes.Use use) {
        this.address = primary.address();
        this.primary = true;
        this.endpoints = Set.of();
        this.tags = Map.of();
        this.use = use;
    }

    void look(Cluster cluster, long nowNanos) {
        if (primary) {
            incarnation = cluster.reign();
            freshAsOf = nowNanos;
            return;
        }
        ReplicaState state = cluster.replica(address);
        incarnation = state.incarnation() + use.losses();
        lagBytes = state.lagBytes() == Long.MAX_VALUE ? UNKNOWN : state.lagBytes();
        freshAsOf = state.freshAsOfNanos();
        recentlyFailed = use.failedLately(nowNanos);
    }

    @Override
    public NodeAddress address() {
        return address;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public boolean primary() {
        return primary;
    }

    @Override
    public Set<String> endpoints() {
        return endpoints;
    }

    @Override
    public Map<String, String> tags() {
        return tags;
    }

    @Override
    public long lagBytes() {
        return lagBytes;
    }

    @Override
    public long freshAsOf() {
        return freshAsOf;
    }

    @Override
    public int outstanding() {
        return use.outstanding();
    }

    @Override
    public boolean recentlyFailed() {
        return recentlyFailed;
    }
}
