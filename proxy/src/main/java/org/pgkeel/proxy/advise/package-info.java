/// What to change for tables that take many INSERTs: in the proxy's rules, in PostgreSQL's settings, in the schema. Nothing is changed from here.
/// Heart: [Advice]. Read: [Candidate] (what the console says of a table), [CoalesceAdvice] (what the catalogue says of it),
/// [SettingsAdvice] (the server), [SchemaAdvice] (vacuum, indexes, partitions), [Rows] (a query's answer).
/// Depends on `insert`. Used by `command`.
/// Threading: confined to the thread of the command; everything here blocks.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.advise;
