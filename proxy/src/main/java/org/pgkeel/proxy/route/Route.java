package org.pgkeel.proxy.route;

import org.pgkeel.proxy.config.RouteRule;

/// Where a statement is to run, by the rules alone.
///
/// Threading: immutable.
public sealed interface Route {
    /// Index of the rule that decided; [RoutingTable#NO_RULE] if none did.
    int rule();

    /// @param name of the rule; empty if none decided
    record ToPrimary(int rule, String name) implements Route {}

    /// To a replica that [ReplicaChoice] finds; what happens if it finds none is [RouteRule#orElse].
    ///
    /// @param readsOnly whether the rule fits nothing but reads: what a replica refuses with `25006` may run on the primary
    record ToReplica(int rule, RouteRule by, boolean readsOnly) implements Route {
        /// Whether the primary is a candidate like the replicas.
        public boolean orPrimary() {
            return by.to() == RouteRule.To.ANY;
        }
    }
}
