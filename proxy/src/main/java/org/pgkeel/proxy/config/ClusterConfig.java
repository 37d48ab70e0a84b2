package org.pgkeel.proxy.config;

import java.util.List;
import org.pgkeel.failover.topology.NodeAddress;

/// One PostgreSQL cluster: the `clusters.NAME.*` keys.
///
/// @param name  the cluster's name
/// @param nodes its PostgreSQL servers, 1 or more
/// @param tls   TLS towards them
public record ClusterConfig(String name, List<NodeAddress> nodes, BackendTlsConfig tls) {}
