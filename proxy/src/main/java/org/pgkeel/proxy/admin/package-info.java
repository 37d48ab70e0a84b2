/// The operator's doors: the SQL console (database `pgkeel`, alias `pgbouncer`) and the HTTP port (metrics, health, status).
/// Heart: [Operations], what the doors can see and do; the proxy implements it.
/// Depends on `observe` and `config`; knows nothing of sessions and pools.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.admin;
