package org.pgkeel.proxy.session;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.HoldConfig;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.pool.LeaseGate;
import org.pgkeel.proxy.pool.SharedPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Databases that an operator has paused. Their clients are held as in a failover: within the bounds of their cluster's hold, and let
/// through at its pace after RESUME.
///
/// Threading: shared; changes are guarded by this object.
final class Pauses {
    private static final Logger log = LoggerFactory.getLogger(Pauses.class);

    private final Map<String, LeaseGate> gates = new ConcurrentHashMap<>();
    private final Set<String> paused = ConcurrentHashMap.newKeySet();
    private volatile boolean allPaused;
    private long resumes;
    private final Function<String, Optional<ClusterConfig>> clusterOf;
    private final Function<Optional<String>, Stream<SharedPool<?>>> poolsOf;

    /// @param clusterOf where a database lives
    /// @param poolsOf   all pools of a database, or of all
    Pauses(Function<String, Optional<ClusterConfig>> clusterOf, Function<Optional<String>, Stream<SharedPool<?>>> poolsOf) {
        this.clusterOf = clusterOf;
        this.poolsOf = poolsOf;
    }

    boolean isPaused(String database) {
        return allPaused || paused.contains(database);
    }

    boolean allPaused() {
        return allPaused;
    }

    /// @param database one, or all
    synchronized void pause(Optional<String> database) {
        if (database.isPresent()) paused.add(database.get());
        else allPaused = true;
        log.info("{}: paused by hand", database.map(name -> "database " + name).orElse("all databases"));
        poolsOf.apply(database).forEach(this::apply);
    }

    /// A pool was made: it is held if its database is.
    synchronized void apply(SharedPool<?> pool) {
        if (!isPaused(pool.key().database())) return;
        LeaseGate gate = gate(pool.key().database());
        long now = System.nanoTime();
        if (!(gate.hold() instanceof Hold.Holding)) gate.become(new Hold.Holding(now, HoldReason.BY_HAND), now);
        pool.pause(gate);
    }

    /// @return false if it was not paused
    synchronized boolean resume(Optional<String> database) {
        boolean wasPaused;
        if (database.isPresent()) {
            wasPaused = paused.remove(database.get());
        } else {
            wasPaused = allPaused || !paused.isEmpty();
            allPaused = false;
            paused.clear();
        }
        if (!wasPaused) return false;
        resumes++;
        gates.forEach((name, gate) -> {
            if (!isPaused(name) && gate.hold() instanceof Hold.Holding) resume(name, gate);
        });
        return true;
    }

    private void resume(String database, LeaseGate gate) {
        long now = System.nanoTime();
        var before = gate.snapshot(now);
        log.info("database {}: resumed by hand after {} ms; {} wait", database, before.sinceNanos() / 1_000_000, before.waiting());
        gate.become(new Hold.Draining(resumes), now);
        poolsOf.apply(Optional.of(database)).forEach(SharedPool::resume);
        gate.openIfDrained();
    }

    /// Nobody waits any more who was held: from now on it is the cluster's hold alone that counts.
    private synchronized void drained(String database) {
        if (!isPaused(database)) poolsOf.apply(Optional.of(database)).forEach(SharedPool::resumed);
    }

    private LeaseGate gate(String database) {
        return gates.computeIfAbsent(database, name -> {
            // A database that is not configured any more has clients yet.
            Optional<ClusterConfig> cluster = clusterOf.apply(name);
            return LeaseGate.byHand(cluster.map(ClusterConfig::name).orElse(""), name, Gates.bounds(cluster.map(ClusterConfig::hold).orElse(HoldConfig.DEFAULT)), _ -> drained(name));
        });
    }

    /// A reload may have changed the bounds.
    void reload() {
        gates.forEach((name, gate) -> clusterOf.apply(name).ifPresent(cluster -> gate.bounds(Gates.bounds(cluster.hold()))));
    }

    List<HoldSnapshot> snapshots() {
        return gates.values().stream().map(gate -> gate.snapshot(System.nanoTime())).sorted(Comparator.comparing(HoldSnapshot::database)).toList();
    }
}
