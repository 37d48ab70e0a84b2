/// Says what a client's SQL means for pooling: which session state it makes, changes or ends.
/// Heart: [Effect]. Read: [StatementScan] (the hot path: is there anything to look at), [Statements] (a Query's text into
/// [Statement]s), [PinReason] (what cannot be carried from one backend to another).
/// Depends on nothing of the proxy. Used by `settings`, `prepare`, `session`. Threading: pure functions and immutable values.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.statement;
