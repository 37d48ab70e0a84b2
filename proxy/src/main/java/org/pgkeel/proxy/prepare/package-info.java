/// Prepared statements in transaction mode: they are the client's, and live in whatever backend serves it.
/// Heart: [SharedStatement] (one text, one name in every backend). Read: [StatementCache] (equal texts of all clients of
/// an event loop are one), [NamedStatements] (what a client calls them), [BackendStatements] (what one backend has).
/// Depends on `settings`, `insert`, `statement`, `catalogue`. Used by `relay` and `session`.
/// Threading: confined to one event loop, but for [SharedStatement], which is immutable.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.prepare;
