package org.pgkeel.proxy.config;

import java.util.List;
import java.util.Optional;
import org.pgkeel.failover.topology.NodeAddress;

/// One PostgreSQL cluster: the `clusters.NAME.*` keys.
///
/// @param name               the cluster's name
/// @param nodes              its PostgreSQL servers, 1 or more; empty with `patroni`, which knows them
/// @param patroni            where Patroni's REST API is
/// @param monitor            as whom the proxy asks who is primary; always there with `patroni`
/// @param outcome            never but off without `monitor`
/// @param tls                TLS towards PostgreSQL
public record ClusterConfig(String name, List<NodeAddress> nodes, Optional<PatroniConfig> patroni, Optional<MonitorConfig> monitor, HoldConfig hold,
                            OutcomeMode outcome, TimelineRegression timelineRegression, BackendTlsConfig tls) {}
