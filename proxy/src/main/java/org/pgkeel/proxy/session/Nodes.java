package org.pgkeel.proxy.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.ReplicaState;
import org.pgkeel.proxy.route.Candidate;

/// The servers that reads may go to, as one event loop sees them: what it has running there, and which failed it lately.
///
/// Threading: confined to its event loop.
final class Nodes {
    /// So long after a failure another server is chosen, if there is one.
    private static final long FAILED_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// One server.
    static final class Use {
        private int outstanding;
        private int losses;
        private boolean failed;
        private long failedNanos;

        void begins() {
            outstanding++;
        }

        void ends() {
            outstanding--;
        }

        /// A connection to it was lost: it may have been restarted, and show less than before.
        void lost(long nowNanos) {
            losses++;
            failed(nowNanos);
        }

        /// It did not do what it was asked.
        void failed(long nowNanos) {
            failed = true;
            failedNanos = nowNanos;
        }

        boolean failedLately(long nowNanos) {
            failed &= nowNanos - failedNanos < FAILED_NANOS;
            return failed;
        }
    }

    /// A replica that reads may go to, if it is fresh enough.
    private record Place(Replica replica, Use use) {}

    private final Map<NodeAddress, Use> uses = new HashMap<>();
    private Topology placesOf = Topology.EMPTY;
    /// Those of the topology that was looked at last.
    private List<Place> places = List.of();
    private int turn;

    Use use(NodeAddress node) {
        return uses.computeIfAbsent(node, _ -> new Use());
    }

    /// Changes from call to call.
    int turn() {
        return turn++;
    }

    /// @param avoided     servers that have failed the one that asks
    /// @param withPrimary whether the primary is as good as any, if there is one
    List<Candidate> candidates(Cluster cluster, Set<NodeAddress> avoided, boolean withPrimary, long nowNanos) {
        Topology seen = cluster.topology();
        List<Place> known = placesOf == seen ? places : places(seen);
        var all = new ArrayList<Candidate>(known.size() + 1);
        for (int i = 0; i < known.size(); i++) {
            Place place = known.get(i);
            if (avoided.isEmpty() || !avoided.contains(place.replica.address())) all.add(candidate(cluster, place, nowNanos));
        }
        Primary primary = withPrimary ? seen.primary().orElse(null) : null;
        if (primary != null && cluster.hold().isOpen()) {
            all.add(new Candidate(primary.address(), cluster.reign(), true, Set.of(), Map.of(), 0, nowNanos, use(primary.address()).outstanding, false));
        }
        return all;
    }

    private List<Place> places(Topology seen) {
        Primary primary = seen.primary().orElse(null);
        var all = new ArrayList<Place>(seen.replicas().size());
        for (Replica replica : seen.replicas()) {
            // One that stayed behind on an older timeline will never get anything new.
            if (primary != null && replica.timeline() != 0 && replica.timeline() < primary.timeline()) continue;
            all.add(new Place(replica, use(replica.address())));
        }
        placesOf = seen;
        places = all;
        return all;
    }

    private static Candidate candidate(Cluster cluster, Place place, long nowNanos) {
        Replica replica = place.replica;
        Use use = place.use;
        ReplicaState state = cluster.replica(replica.address());
        return new Candidate(replica.address(), state.incarnation() + use.losses, false, replica.endpoints(), replica.tags(),
                state.lagBytes() == Long.MAX_VALUE ? Candidate.UNKNOWN : state.lagBytes(), state.freshAsOfNanos(), use.outstanding, use.failedLately(nowNanos));
    }
}
