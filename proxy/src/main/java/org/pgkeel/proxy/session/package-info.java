/// One client's session: what its messages mean for the pool, and what it gets back.
/// Heart: [ClientSession] (the states of a session). Read: [RequestWalk] (its messages, one by one), [ClientMessages] (what each means), [LeasePath]
/// (its way to a backend), [ClientLease] (the backend that it has), [ClientStatements] (what it has prepared), [LostBackend] (when the backend is lost),
/// [SessionEnd] (how it ends), [SessionContext] (what all sessions of an event loop share).
/// Depends on `relay`, `prepare`, `settings`, `statement`, `pool`. Used by `listen`.
/// Threading: a session is confined to its channel's event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.session;
