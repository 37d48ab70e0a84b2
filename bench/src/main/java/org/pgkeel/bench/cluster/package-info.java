/// What is measured: a PostgreSQL of our own, and the proxies in front of it, each as a process that is started and stopped here.
/// Heart: [Target]. Read: [PostgresServer], [PgBouncer], [PgKeel] (the three that are started), [Processes] (nothing outlives
/// the bench), [WorkFolder] (nothing is left on disk), [Unprivileged] (PostgreSQL and PgBouncer refuse root).
/// Depends on `client` (to see that a target answers). Used by `scenario` and `fuzz`.
@NullMarked
package org.pgkeel.bench.cluster;

import org.jspecify.annotations.NullMarked;
