package org.pgkeel.proxy.cluster;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.ClusterConfig;

/// All configured clusters, by name.
///
/// Threading: shared; the map is replaced whole, by one thread at a time.
public final class Clusters implements AutoCloseable {
    private final Rooms rooms;
    private volatile Map<String, Cluster> byName = Map.of();

    /// Begins to watch those that are to be watched.
    public Clusters(Map<String, ClusterConfig> configured, Rooms rooms) {
        this.rooms = rooms;
        reload(configured);
    }

    /// @throws IllegalArgumentException if there is none of this name: the configuration was checked for that
    public Cluster get(String name) {
        Cluster cluster = byName.get(name);
        if (cluster == null) throw new IllegalArgumentException("no cluster " + name);
        return cluster;
    }

    /// Whether a cluster of this name is configured.
    public boolean has(String name) {
        return byName.containsKey(name);
    }

    public Collection<Cluster> all() {
        return byName.values();
    }

    /// The clusters that a node belongs to.
    public List<Cluster> of(NodeAddress node) {
        var found = new ArrayList<Cluster>();
        for (Cluster cluster : byName.values()) if (cluster.nodes().contains(node)) found.add(cluster);
        return found;
    }

    /// A cluster whose section changed, or whose certificates towards Patroni did, is watched anew, and goes on where the one before was: with what that knew of the same servers, and its
    /// counters. Others stay as they are.
    public synchronized void reload(Map<String, ClusterConfig> configured) {
        var all = new LinkedHashMap<String, Cluster>();
        var before = byName;
        configured.forEach((name, config) -> {
            Cluster known = before.get(name);
            if (known == null) all.put(name, new Cluster(config, rooms));
            else all.put(name, known.isAs(config) ? known : Cluster.instead(known, config, rooms));
        });
        byName = all;
        before.values().stream().filter(cluster -> !all.containsKey(cluster.name())).forEach(Cluster::end);
        all.forEach((name, cluster) -> {
            Cluster known = before.get(name);
            if (known == null) cluster.start();
            else if (known != cluster) cluster.takeOver(known);
        });
    }

    @Override
    public synchronized void close() {
        byName.values().forEach(Cluster::end);
    }
}
