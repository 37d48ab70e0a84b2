package org.pgkeel.proxy.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.proxy.cluster.Cluster;
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

        int outstanding() {
            return outstanding;
        }

        int losses() {
            return losses;
        }

        boolean failedLately(long nowNanos) {
            failed &= nowNanos - failedNanos < FAILED_NANOS;
            return failed;
        }
    }

    private final Map<NodeAddress, Use> uses = new HashMap<>();
    private Topology placesOf = Topology.EMPTY;
    /// Those of the topology that was looked at last.
    private List<Place> replicas = List.of();
    private @Nullable Place primary;
    private final List<Candidate> candidates = new ArrayList<>();
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
    /// @return good until the next call
    List<Candidate> candidates(Cluster cluster, Set<NodeAddress> avoided, boolean withPrimary, long nowNanos) {
        Topology seen = cluster.topology();
        if (placesOf != seen) place(seen);
        candidates.clear();
        for (int i = 0; i < replicas.size(); i++) {
            Place place = replicas.get(i);
            if (!avoided.isEmpty() && avoided.contains(place.address())) continue;
            place.look(cluster, nowNanos);
            candidates.add(place);
        }
        Place alsoFit = withPrimary ? primary : null;
        if (alsoFit != null && cluster.hold().isOpen()) {
            alsoFit.look(cluster, nowNanos);
            candidates.add(alsoFit);
        }
        return candidates;
    }

    private void place(Topology seen) {
        Primary leads = seen.primary().orElse(null);
        placesOf = seen;
        replicas = seen.followers().stream().map(replica -> new Place(replica, use(replica.address()))).toList();
        primary = leads == null ? null : new Place(leads, use(leads.address()));
    }
}
