/// Whether a transaction that was in flight when its server was lost has been committed.
/// Heart: [OutcomeRules], pure: what to ask next, or the [CommitOutcome]. Read: [InFlight] (what was lost), [TransactionMark] (the
/// xid and the WAL position that the probe told), [Descent] (how the surviving history follows from the lost one), [Sightings] (what
/// was seen of each server, for the proof of it), [AcknowledgedLedger] (what clients were told lately, in case the survivor lacks it).
/// Depends on `topology`. Threading: immutable but for [Sightings] (shared) and the ledger (confined to an event loop).
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.outcome;
