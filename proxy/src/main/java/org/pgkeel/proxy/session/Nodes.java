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

    private final Map<NodeAddress, Use> uses = new HashMap<>();
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
        var all = new ArrayList<Candidate>(seen.replicas().size() + 1);
        Primary primary = seen.primary().orElse(null);
        for (Replica replica : seen.replicas()) {
            if (avoided.contains(replica.address())) continue;
            // One that stayed behind on an older timeline will never get anything new.
            if (primary != null && replica.timeline() != 0 && replica.timeline() < primary.timeline()) continue;
            all.add(candidate(cluster, replica, nowNanos));
        }
        if (withPrimary && primary != null && cluster.hold().isOpen()) {
            all.add(new Candidate(primary.address(), cluster.reign(), true, Set.of(), Map.of(), 0, nowNanos, use(primary.address()).outstanding, false));
        }
        return all;
    }

    private Candidate candidate(Cluster cluster, Replica replica, long nowNanos) {
        Use use = use(replica.address());
        long lag = cluster.lagBytes(replica.address());
        return new Candidate(replica.address(), cluster.incarnation(replica.address()) + use.losses, false, replica.endpoints(), replica.tags(),
                lag == Long.MAX_VALUE ? Candidate.UNKNOWN : lag, cluster.freshAsOfNanos(replica.address()), use.outstanding, use.failedLately(nowNanos));
    }
}
