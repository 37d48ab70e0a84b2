/// From a node's address to a logged-in PostgreSQL connection, and cancel requests beside it.
/// Heart: [BackendConnector]. Read: [BackendTarget] (where, as whom), [BackendGreeting] (what the server said),
/// [BackendFailure] (why not), [Credential], [BackendCancel]. Depends on `config`, `tls`, `transport`. Used by `cluster`, `login`, `relay`, `session`, and those above them.
/// Threading: a connect is confined to the event loop it was asked for.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.backend;
