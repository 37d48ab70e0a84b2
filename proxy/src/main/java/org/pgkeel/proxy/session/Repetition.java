package org.pgkeel.proxy.session;

import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;

/// Whether a client's batch may be sent once more, when it fails because a plan that was kept for its unnamed statement does not fit any more:
/// PostgreSQL itself would have made a new one for the batch's Parse. Or because of a transaction block that is PgKeel's own: then it may if it is known word for word.
///
/// | the batch that is composed | event                                                              | to        |
/// |----------------------------|--------------------------------------------------------------------|-----------|
/// | OPEN                       | begins outside of a transaction with a Parse of an unnamed statement | MAY     |
/// | OPEN, MAY                  | does something that cannot be done again                           | ONLY_ONCE |
/// | any                        | ends                                                               | OPEN      |
///
/// Invariant: only the last batch that has ended is ever repeated.
///
/// Threading: confined to the session's event loop.
final class Repetition {
    private enum Batch { OPEN, MAY, ONLY_ONCE }

    private static final int NONE = -1;

    private Batch composed = Batch.OPEN;
    /// Number of the last batch that has ended, if it may be sent again.
    private int repeatable = NONE;
    private boolean underWay;

    /// A Parse is about to be dealt with.
    void parses(Exchange exchange) {
        if (composed == Batch.OPEN && exchange.settled() && exchange.status() == 'I') composed = Batch.MAY;
    }

    /// The batch does something that cannot be done again.
    void never() {
        composed = Batch.ONLY_ONCE;
    }

    /// What the batch asks is to be remembered until it is answered.
    boolean isPossible() {
        return composed == Batch.MAY;
    }

    /// A Query, FunctionCall or Sync went to the backend.
    void batchEnds(Exchange exchange) {
        repeatable = composed == Batch.MAY ? exchange.openBatch() - 1 : NONE;
        composed = Batch.OPEN;
    }

    /// The batch that is being answered failed by a plan that was kept, with nothing completed.
    /// @return whether it is sent again, see [#isUnderWay]
    boolean begins(BackendConnection leased) {
        underWay = repeatable >= 0 && repeatable == leased.exchange().batchesAnswered() && !leased.requests().isIncomplete() && !leased.requests().isEmpty();
        return underWay;
    }

    /// The batch that is being answered failed only because it ran in a block of PgKeel's own, and is all that is under way.
    /// @return as [#begins]
    boolean beginsOutside(BackendConnection leased) {
        underWay = !leased.requests().isIncomplete() && !leased.requests().isEmpty();
        return underWay;
    }

    /// From the batch's error to its ReadyForQuery: nothing that the client sends goes to the backend meanwhile.
    boolean isUnderWay() {
        return underWay;
    }

    void ends() {
        underWay = false;
    }

    /// The backend is lost.
    void lost() {
        composed = Batch.OPEN;
        repeatable = NONE;
        underWay = false;
    }
}
