package org.pgkeel.proxy.cluster;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.proxy.config.ClusterConfig;

/// One PostgreSQL cluster: who takes writes now, who replicates, and whether clients have to wait.
///
/// Threading: shared. What can be read is one immutable view behind a volatile field; changes happen on the one thread of the
/// cluster rooms.
public final class Cluster {
    /// [#freshAsOfNanos] of a replica of which nothing is known.
    public static final long NEVER = Long.MIN_VALUE;

    private record View(@Nullable NodeAddress primary, Reign reign, Hold hold, Topology topology, List<NodeAddress> nodes) {}

    private final List<ClusterListener> listeners = new CopyOnWriteArrayList<>();
    private volatile ClusterConfig config;
    private volatile View view;

    Cluster(ClusterConfig config) {
        this.config = config;
        this.view = new View(null, Reign.NONE, Hold.OPEN, Topology.EMPTY, config.nodes());
    }

    public String name() {
        return config.name();
    }

    public ClusterConfig config() {
        return config;
    }

    /// Whether the proxy itself watches who is primary. If not (`nodes` without `monitor`), [#primary] is who was found at the last
    /// login, and the hold is always open.
    public boolean isWatched() {
        return config.monitor().isPresent();
    }

    /// Who takes writes now; null if nobody does, or nobody is sure: then clients wait.
    public @Nullable NodeAddress primary() {
        return view.primary;
    }

    /// Grows whenever the primary is another server than before: another node, timeline, or lifetime. 0 before the first.
    public long reign() {
        return view.reign.number();
    }

    /// The reign that lasts, or the last one.
    public Reign current() {
        return view.reign;
    }

    public Hold hold() {
        return view.hold;
    }

    public Topology topology() {
        return view.topology;
    }

    /// All PostgreSQL servers that are known, primary and replicas, dead ones included.
    public List<NodeAddress> nodes() {
        return view.nodes;
    }

    /// Of a cluster that is not watched: a login found out who is primary. Callable from any thread.
    public void foundAtLogin(NodeAddress primary) {
        View now = view;
        if (!isWatched() && !primary.equals(now.primary)) view = new View(primary, now.reign, now.hold, now.topology, now.nodes);
    }

    /// Something happened on a connection to `node` that may mean that it is not the primary any more. All members are asked at
    /// once, and until they have answered clients wait. Cheap; callable from any thread, as often as it happens.
    public void doubt(NodeAddress node, DoubtReason why) {
        // Nobody watches yet.
    }

    /// Nobody waits any more who came before `reign` began. Callable from any thread.
    public void drained(long reign) {
        // Nobody watches yet.
    }

    public void addListener(ClusterListener listener) {
        listeners.add(listener);
    }

    /// When (`System.nanoTime`) the primary was asked for a flush position that this replica has replayed since: what was
    /// acknowledged before is to be seen there. [#NEVER] if unknown, which it always is after a change of reign at first.
    public long freshAsOfNanos(NodeAddress replica) {
        return NEVER;
    }

    /// WAL that the primary has flushed and the replica has not replayed, in bytes; `Long.MAX_VALUE` if unknown.
    public long lagBytes(NodeAddress replica) {
        return Long.MAX_VALUE;
    }

    /// Somebody needs [#freshAsOfNanos] to be exact: for the next seconds positions are asked for every 50 ms. Cheap; callable from
    /// any thread.
    public void wantFreshness() {
        // Nobody watches yet.
    }
}
