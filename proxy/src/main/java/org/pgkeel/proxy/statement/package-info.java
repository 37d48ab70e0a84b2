/// Says what a client's SQL means: which session state it makes, changes or ends, and whether it can only read.
/// Heart: [Effect] and [StatementClass]. Read: [StatementScan] (the hot path: is there anything to look at), [Statements] (a
/// Query's text into [Statement]s), [PinReason] (what cannot be carried from one backend to another), [Classifier] (a text into
/// its [StatementClass]), [ClassCache] (the same for a hot text at the cost of a look-up).
/// Depends on `catalogue`. Used by `settings`, `prepare`, `route`, `session`. Threading: pure functions and immutable values.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.statement;
