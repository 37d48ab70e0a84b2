/// PostgreSQL servers of our own, for the demo and the tests: a primary and a streaming replica from binaries that
/// come from Maven Central.
/// Heart: [EmbeddedPostgres]. Read: [PostgresServer] (one server process), [BaseBackup] (a replica without `pg_basebackup`),
/// [PostgresTree] (where the programs are), [ServerAccount] (who they run as). A leaf: depends on nothing of the proxy.
/// Threading: every object is confined to the thread that made it, unless it says otherwise; everything here blocks.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.embedded;
