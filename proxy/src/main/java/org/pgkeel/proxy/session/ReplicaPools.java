package org.pgkeel.proxy.session;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.relay.BackendConnection;

/// The pools of one database and user to the replicas of its cluster: for reads that are routed there, and, as long as clients wait for a primary, for the
/// connections that it will serve them with. Behind a promotion the cores of the new primary are busy, and before it they are not: who is promoted has
/// them already ([org.pgkeel.proxy.pool.PoolSlice#takeOver]).
///
/// Threading: shared, but for what says otherwise.
final class ReplicaPools {
    /// A replica that has not been seen for so long has left the cluster, or hangs: what runs there is ended.
    private static final long AWAY_NANOS = 3_000_000_000L;

    private final Function<NodeAddress, SharedPool<BackendConnection>> maker;
    private final Consumer<SharedPool<?>> made;
    private final Map<NodeAddress, SharedPool<BackendConnection>> pools = new ConcurrentHashMap<>();
    /// Those that were made for a promotion to come, and that no read has used.
    private final Set<NodeAddress> forPromotion = ConcurrentHashMap.newKeySet();
    /// Since when a replica that has a pool was not seen. Threading: the one thread that calls [#follow].
    private final Map<NodeAddress, Long> awaySince = new HashMap<>();

    /// @param maker makes the pool to a replica
    /// @param made  called when it is found among the pools: its database may be paused
    ReplicaPools(Function<NodeAddress, SharedPool<BackendConnection>> maker, Consumer<SharedPool<?>> made) {
        this.maker = maker;
        this.made = made;
    }

    /// For reads; made when it is needed first.
    SharedPool<BackendConnection> to(NodeAddress node) {
        SharedPool<BackendConnection> there = pools.get(node);
        if (there == null) {
            there = pools.computeIfAbsent(node, maker);
            made.accept(there);
        }
        if (!forPromotion.isEmpty() && forPromotion.remove(node)) there.keepsMinimum(true);
        return there;
    }

    private SharedPool<BackendConnection> forPromotion(NodeAddress node) {
        SharedPool<BackendConnection> there = pools.get(node);
        if (there != null) return there;
        there = pools.computeIfAbsent(node, _ -> {
            forPromotion.add(node);
            SharedPool<BackendConnection> pool = maker.apply(node);
            pool.keepsMinimum(false);
            return pool;
        });
        made.accept(there);
        return there;
    }

    /// The one to this server, if it was a replica until now.
    Optional<SharedPool<BackendConnection>> at(NodeAddress node) {
        return Optional.ofNullable(pools.get(node));
    }

    /// Another one than these was promoted: they give up their places.
    void othersWerePromoted(NodeAddress than) {
        for (NodeAddress node : forPromotion) if (!node.equals(than)) at(node).ifPresent(SharedPool::recycle);
    }

    Collection<SharedPool<BackendConnection>> all() {
        return pools.values();
    }

    boolean isEmpty() {
        return pools.isEmpty();
    }

    /// While clients wait for a primary, as many connections are made ready on each replica that may become it. Called on the event loop of the slices.
    /// @param waiting clients of this loop
    void keepReady(Cluster cluster, int loop, int waiting, long nowNanos) {
        if (waiting == 0 || !awaitsPromotion(cluster)) return;
        for (Replica replica : cluster.topology().replicas()) {
            if (mayBePromoted(replica)) forPromotion(replica.address()).slice(loop).keepReady(waiting, nowNanos);
        }
    }

    /// By Patroni's tags.
    private static boolean mayBePromoted(Replica replica) {
        return !Boolean.parseBoolean(replica.tags().get("nofailover")) && !"0".equals(replica.tags().get("failover_priority"));
    }

    /// A doubt is over before anybody is promoted.
    private static boolean awaitsPromotion(Cluster cluster) {
        return cluster.hold() instanceof Hold.Holding(_, var reason) && reason != HoldReason.DOUBTED;
    }

    /// Ends what is under way on replicas that have gone, and the pools to them and to those of which nothing is awaited any more. Called by one thread only.
    /// @param gone hears of pools that are ended
    void follow(Cluster cluster, long nowNanos, Consumer<SharedPool<BackendConnection>> gone) {
        if (pools.isEmpty()) return;
        Topology now = cluster.topology();
        boolean awaitsPromotion = awaitsPromotion(cluster);
        for (var entry : pools.entrySet()) {
            NodeAddress node = entry.getKey();
            boolean isThere = now.replicas().stream().anyMatch(replica -> replica.address().equals(node));
            boolean needless = !awaitsPromotion && forPromotion.remove(node);
            if (isThere) awaySince.remove(node);
            if (isThere && !needless) continue;
            // Who was promoted goes on to answer what was asked before.
            boolean leads = now.primary().map(primary -> primary.address().equals(node)).orElse(false);
            boolean away = !isThere && nowNanos - awaySince.computeIfAbsent(node, _ -> nowNanos) >= AWAY_NANOS;
            if (!leads && !away && !needless) continue;
            awaySince.remove(node);
            forPromotion.remove(node);
            pools.remove(node);
            if (away && !leads) entry.getValue().fence();
            entry.getValue().retire();
            gone.accept(entry.getValue());
        }
    }
}
