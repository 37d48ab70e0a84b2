package org.pgkeel.proxy.session;

import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.proxy.refusal.RefusalReason;

/// What becomes of a client whose backend was lost.
sealed interface LossVerdict {
    /// For counting.
    default String word() {
        return switch (this) {
            case Unnoticed _ -> "unnoticed";
            case Rerun _ -> "rerun";
            case EndOfBatch _ -> "end_of_batch";
            case Fail(var reason) -> reason.word();
            case FailTransaction _ -> "transaction_lost";
            case Resolve _ -> "resolve";
            case Close _ -> "closed";
        };
    }

    /// It notices nothing: nothing of it was under way.
    record Unnoticed() implements LossVerdict {}

    /// What was not answered is asked again.
    /// @param suppressed replies of the first batch that the client has already
    record Rerun(int suppressed) implements LossVerdict {}

    /// The first batch had failed, and the client knows: only its ReadyForQuery is missing. What follows it is asked again.
    record EndOfBatch() implements LossVerdict {}

    /// The first batch fails. What follows it is asked again.
    record Fail(RefusalReason reason) implements LossVerdict {}

    /// The client's transaction is lost. It stays in it, failed, until it ends it.
    /// @param told       it has read an error already
    /// @param suppressed replies of the first batch that the client has already
    record FailTransaction(boolean told, int suppressed) implements LossVerdict {}

    /// The outcome of the first batch, or of the transaction that it ends, has to be found out.
    /// @param ifAborted what is done if it did not happen
    record Resolve(InFlight inFlight, LossVerdict ifAborted) implements LossVerdict {}

    /// The client is closed.
    record Close() implements LossVerdict {}
}
