package org.pgkeel.proxy.session;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.route.RouteHits;
import org.pgkeel.proxy.route.RoutingTable;

/// The rules in force on one event loop, with its counters of how often each decided.
///
/// @param ofCluster whether a rule demands to see what any client wrote
record RouteRules(RoutingTable table, RouteHits hits, boolean ofCluster) {
    /// @param before whose counters go on
    static RouteRules of(RoutingTable table, @Nullable RouteRules before) {
        boolean ofCluster = table.rules().stream().anyMatch(rule -> rule.consistency() == RouteRule.Consistency.CLUSTER);
        return new RouteRules(table, before == null ? table.newHits() : table.newHits(before.table, before.hits), ofCluster);
    }
}
