/// Which INSERTs pass through, by table: what SHOW COALESCE CANDIDATES answers from.
/// Heart: [InsertCensus]. Read: [InsertText] (what a text says of its INSERT), [TableTally] (one table's rows of the last minute), [Sampler] (which
/// statements are looked at).
/// Depends on `insert`, `observe`. Used by `session`.
/// Threading: confined to one event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.census;
