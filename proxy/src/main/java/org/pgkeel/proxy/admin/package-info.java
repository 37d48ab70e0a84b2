/// The operator's doors: the SQL console (database `pgkeel`, alias `pgbouncer`) and the HTTP port (metrics, health, status).
/// Heart: [Operations], what both doors can see and do; the proxy implements it.
/// Read: [Console] and [ConsoleSession] (one client), [ConsoleParser] (the language), [ShowTables] (PgBouncer's columns);
/// [AdminServer] and [AdminPages], [PrometheusSeries] (names of the metrics), [StatusPage].
/// Depends on `observe` and `config`; knows nothing of sessions and pools.
/// Threading: a console session is confined to its client's event loop, the HTTP port to one of its own.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.admin;
