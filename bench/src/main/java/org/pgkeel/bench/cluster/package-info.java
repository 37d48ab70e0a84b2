/// What is measured and broken, as processes that are started and ended here: PostgreSQL alone, a whole cluster, proxies.
/// Heart: [PatroniCluster] and [Target]. Read: [PatroniNode], [Dcs] (a cluster's parts), [ClusterState] (who is primary in truth; [LeftBehind]),
/// [PostgresServer], [PgBouncer], [PgKeel] (one server, two proxies), [Rig] (a server and what is in front of it, for one run),
/// [Processes], [ProcessTable] (nothing outlives the bench),
/// [WorkFolder] (nothing is left on disk), [Unprivileged] (PostgreSQL and PgBouncer refuse root).
/// Depends on `client` (to see that a target answers) and `link` (fault proxies). Used by `scenario`, `fuzz` and `fault`.
@NullMarked
package org.pgkeel.bench.cluster;

import org.jspecify.annotations.NullMarked;
