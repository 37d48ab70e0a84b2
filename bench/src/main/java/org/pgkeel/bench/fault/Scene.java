package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.PgKeelProcess;

/// Whom a fault can hit.
///
/// @param proxies the PgKeels in front of the cluster; may be none
public record Scene(PatroniCluster cluster, List<PgKeelProcess> proxies) {
    private static final Duration LEADER_LIMIT = Duration.ofSeconds(30);

    public Scene {
        proxies = List.copyOf(proxies);
    }

    PatroniNode primary() throws IOException {
        return cluster.awaitLeader(LEADER_LIMIT);
    }

    /// The first node that is not primary.
    PatroniNode replica() throws IOException {
        return replicas().getFirst();
    }

    List<PatroniNode> replicas() throws IOException {
        PatroniNode primary = primary();
        return cluster.nodes().stream().filter(node -> node != primary).toList();
    }
}
