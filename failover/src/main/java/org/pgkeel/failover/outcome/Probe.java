package org.pgkeel.failover.outcome;

import java.util.Optional;

/// What became of the question for the transaction's mark.
public sealed interface Probe {
    /// It was not asked.
    record NotSent() implements Probe {}

    /// It was sent in front of the commit point, with a Flush between, and the answer has not come.
    record Unanswered() implements Probe {}

    /// The answer.
    /// @param mark empty if the transaction had no xid: it had written nothing
    record Answered(Optional<TransactionMark> mark) implements Probe {}

    static Probe answered(TransactionMark mark) {
        return new Answered(Optional.of(mark));
    }
}
