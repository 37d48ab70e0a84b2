/// One client's session: what its messages mean for the pool, and what it gets back.
/// Heart: [ClientSession] (the states of a session). Read: [RequestWalk] (its messages, one by one), [SimpleQuery],
/// [ExtendedQuery] (those that have to be looked into), [SqlStatementNames] (PREPARE, EXECUTE, DEALLOCATE), [Greetings]
/// (what a client is told when it logs in), [SessionContext] (what all sessions of an event loop share).
/// Depends on `relay`, `prepare`, `settings`, `statement`, `pool`. Used by `listen`.
/// Threading: a session is confined to its channel's event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.session;
