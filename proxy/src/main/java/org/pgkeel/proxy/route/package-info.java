/// Decides where a statement runs: on the primary, or on which replica.
/// Heart: [RoutingTable]. Read: [ConnectionRoutes] (what is left of the rules for one connection), [Route] (a decision),
/// [ReplicaChoice] (which replica), [SessionView] (what a session has seen), [RouteHits] (how often each rule decided).
/// Depends on `statement`, `config`, `observe`. Used by `session`, `server`, `command`. Threading: pure functions and immutable values, but
/// [RouteHits] and [SessionView], which belong to an event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.route;
