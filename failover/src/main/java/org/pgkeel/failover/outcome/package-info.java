/// Whether a transaction that was in flight when its server was lost has been committed.
/// Heart: [OutcomeRules], pure: what to ask next, or the [CommitOutcome]. Read: [InFlight] (what was lost), [TransactionMark] (the
/// xid and the WAL position that the probe told), [Descent] (how the surviving history follows from the lost one), [Evidence].
/// Depends on `topology`. Threading: immutable.
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.outcome;
