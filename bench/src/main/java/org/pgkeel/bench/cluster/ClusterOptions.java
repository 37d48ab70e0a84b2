package org.pgkeel.bench.cluster;

/// What kind of cluster to start.
///
/// @param nodes PostgreSQL servers, 2 to 9
public record ClusterOptions(DcsKind dcs, Replication replication, int nodes) {
    /// Where Patroni keeps its leader lock.
    public enum DcsKind {
        /// As users run it: a dead node is replaced after Patroni's ttl, 20 s.
        ETCD,
        /// With ticks of 250 ms, which make the lock of a dead node go after 5 s whatever the ttl says: for quick rounds.
        ZOOKEEPER
    }

    public enum Replication {
        /// `synchronous_mode` and `synchronous_mode_strict`: no acknowledged commit is lost in a failover.
        SYNCHRONOUS,
        /// A failover may lose what was acknowledged last.
        ASYNCHRONOUS
    }

    public ClusterOptions {
        if (nodes < 2 || nodes > 9) throw new IllegalArgumentException("nodes " + nodes + ": 2 to 9");
    }

    public static ClusterOptions of(DcsKind dcs, Replication replication) {
        return new ClusterOptions(dcs, replication, 3);
    }
}
