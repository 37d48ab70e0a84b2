package org.pgkeel.failover.outcome;

/// What to do next for a transaction in flight.
public sealed interface Step {
    /// Done.
    record Decided(CommitOutcome outcome) implements Step {}

    /// Find the surviving primary, and how its history descends from the transaction's.
    record FindSurvivor() implements Step {}

    /// Ask the survivor for the status of this xid.
    record AskStatus(long xid) implements Step {}

    /// It still runs on its own server: ask again, and end its backend if it only waits for its client.
    record AskAgain(long xid) implements Step {}

    /// Committed on its own server; make sure that the synchronous standbys have it.
    record ConfirmReplication() implements Step {}
}
