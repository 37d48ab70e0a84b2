package org.pgkeel.proxy.session;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.ClusterListener;
import org.pgkeel.proxy.config.HoldConfig;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.pool.LeaseGate;
import org.pgkeel.proxy.pool.SharedPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One [LeaseGate] for each cluster, for as long as the proxy runs: what the cluster's hold is, the gate becomes, and when another
/// server is the primary the connections to the one before are ended.
///
/// Threading: shared; events come on the thread of the cluster rooms.
final class Gates {
    private static final Logger log = LoggerFactory.getLogger(Gates.class);

    private final Map<String, LeaseGate> gates = new ConcurrentHashMap<>();
    /// The last reign that the pools of a cluster heard of, by its name.
    private final Map<String, Long> reigns = new ConcurrentHashMap<>();
    private final Function<String, Stream<SharedPool<?>>> poolsOf;
    private final BiFunction<String, NodeAddress, Stream<SharedPool<?>>> replicasOf;
    private final BiConsumer<String, NodeAddress> promoted;

    /// @param poolsOf    pools to the primary of a cluster, by its name
    /// @param replicasOf pools to a replica of a cluster
    /// @param promoted   has the pools of a cluster take over what they have on a server that is its primary now
    Gates(Function<String, Stream<SharedPool<?>>> poolsOf, BiFunction<String, NodeAddress, Stream<SharedPool<?>>> replicasOf, BiConsumer<String, NodeAddress> promoted) {
        this.poolsOf = poolsOf;
        this.replicasOf = replicasOf;
        this.promoted = promoted;
    }

    LeaseGate of(Cluster cluster) {
        return gates.computeIfAbsent(cluster.name(), name -> new LeaseGate(name, bounds(cluster.config().hold()), cluster::drained));
    }

    List<HoldSnapshot> snapshots() {
        return gates.values().stream().map(gate -> gate.snapshot(System.nanoTime())).sorted(Comparator.comparing(HoldSnapshot::cluster)).toList();
    }

    /// Has a cluster's gate follow it from now on.
    void follow(Cluster cluster) {
        LeaseGate gate = of(cluster);
        gate.bounds(bounds(cluster.config().hold()));
        gate.onDrained(cluster::drained);
        cluster.addListener(new Follower(cluster, gate));
        heard(cluster, cluster.reign());
        change(cluster, gate);
    }

    static LeaseGate.Bounds bounds(HoldConfig config) {
        return new LeaseGate.Bounds(config.maxWait(), config.maxClients(), config.maxBytes(), config.drainConcurrency());
    }

    /// Connections of another reign than this are ended.
    private void heard(Cluster cluster, long reign) {
        Long before = reigns.put(cluster.name(), reign);
        if (before != null && before != reign) poolsOf.apply(cluster.name()).forEach(SharedPool::fence);
    }

    /// By two threads where a reload comes in between: whoever comes last has looked last.
    private synchronized void change(Cluster cluster, LeaseGate gate) {
        gate.become(cluster.hold(), System.nanoTime());
        poolsOf.apply(cluster.name()).forEach(SharedPool::holdChanged);
        gate.openIfDrained();
    }

    /// Of a hold: what had been counted by then.
    private record Begin(HoldSnapshot before, long nanos) {
        static Begin now(LeaseGate gate) {
            long now = System.nanoTime();
            return new Begin(gate.snapshot(now), now);
        }

        void logEnd(LeaseGate gate, String cluster, String why) {
            long end = System.nanoTime();
            var now = gate.snapshot(end);
            log.info("cluster {}: hold ends after {} ms: {}; {} held, {} refused, {} gone, {} wait", cluster, (end - nanos) / 1_000_000, why,
                    now.held() - before.held() + before.waiting(), now.refused() - before.refused(), now.gone() - before.gone(), now.waiting());
        }
    }

    private final class Follower implements ClusterListener {
        private final Cluster cluster;
        private final LeaseGate gate;
        /// Of the hold that lasts: a cluster begins with one. Empty if there is none.
        private Optional<Begin> begin;

        Follower(Cluster cluster, LeaseGate gate) {
            this.cluster = cluster;
            this.gate = gate;
            this.begin = Optional.of(Begin.now(gate));
        }

        @Override
        public void primaryLost(HoldReason reason) {
            String what = begin.isEmpty() ? "begins" : "goes on";
            if (begin.isEmpty()) begin = Optional.of(Begin.now(gate));
            int backends = poolsOf.apply(cluster.name()).mapToInt(SharedPool::open).sum();
            change(cluster, gate);
            // Whoever is in the middle of something there would commit on a server that must not take writes any more.
            if (reason == HoldReason.DEPOSED) poolsOf.apply(cluster.name()).forEach(SharedPool::fence);
            log.info("cluster {}: hold {}: {}; {} backends are open, {} clients wait", cluster.name(), what, reason.word(), backends, gate.snapshot(System.nanoTime()).waiting());
        }

        @Override
        public void primaryFound(Reign reign) {
            heard(cluster, reign.number());
            promoted.accept(cluster.name(), reign.address());   // before others are opened beside them
            ended("primary " + reign);
        }

        @Override
        public void primaryNotLost(Reign reign) {
            ended("still " + reign);
        }

        private void ended(String why) {
            begin.ifPresent(began -> began.logEnd(gate, cluster.name(), why));
            begin = Optional.empty();
            change(cluster, gate);
        }

        /// What was opened before may be connected to the one before.
        @Override
        public void replicaIsAnother(NodeAddress node) {
            replicasOf.apply(cluster.name(), node).forEach(SharedPool::fence);
        }

        @Override
        public void replicasChanged() {}
    }
}
