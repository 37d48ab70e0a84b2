package org.pgkeel.proxy.relay;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;

/// What is owed on one lease: which messages went to the backend and how far they are answered.
///
/// A *batch* is what one ReadyForQuery answers: a Query, a FunctionCall, or the messages of the extended protocol up to
/// their Sync. Batches and the replies in them are counted on both sides, so that a reply is known by its place without
/// a queue of requests; the few replies that need more than being passed on stand in a [ReplyPlan].
///
/// | event                                        | effect                                                        |
/// |----------------------------------------------|---------------------------------------------------------------|
/// | Parse, Bind, Describe, Close, Execute sent   | one more reply expected in the open batch                     |
/// | Query, FunctionCall, Sync sent               | the batch is complete, a ReadyForQuery is owed                |
/// | ErrorResponse in the open batch              | the client's messages are skipped up to Sync, as the backend does |
/// | CopyInResponse                               | Syncs sent ahead of CopyDone do not count: the backend ignores them |
/// | ReadyForQuery                                | the batch is answered                                         |
///
/// Threading: confined to one event loop.
public final class Exchange {
    static final byte IDLE = 'I';

    /// What the backend takes now.
    private enum Copy {
        NONE,
        /// CopyData for a COPY of a Query.
        SIMPLE,
        /// CopyData for a COPY of an Execute: it ignores Sync.
        EXTENDED
    }

    final ReplyPlan plan = new ReplyPlan();
    private int batchesSent;
    private int batchesAnswered;
    private int sentInOpen;
    private int executesInOpen;
    private boolean open;
    private int seen;
    private int completions;
    private boolean failed;
    private Copy copy = Copy.NONE;
    private int copiesBegan;
    private int copyEndsSent;
    private int copyEndBatch;
    /// One bit per batch, by its number modulo 64: it is of the extended protocol.
    private long extendedBatches;
    private byte status = IDLE;

    /// A message went to the backend that gets a reply before Sync.
    public void messageSent() {
        open = true;
        sentInOpen++;
    }

    /// An Execute went to the backend.
    public void executeSent() {
        messageSent();
        executesInOpen++;
    }

    /// A Query or a FunctionCall went to the backend.
    public void querySent() {
        extendedBatches &= ~(1L << batchesSent);
        batchSent();
    }

    /// A Sync went to the backend.
    public void syncSent() {
        if (copy == Copy.EXTENDED) return;
        extendedBatches |= 1L << batchesSent;
        batchSent();
    }

    private void batchSent() {
        batchesSent++;
        sentInOpen = 0;
        executesInOpen = 0;
        open = false;
    }

    /// A CopyDone or CopyFail went to the backend.
    public void copyEndSent() {
        copy = Copy.NONE;
        copyEndsSent++;
        copyEndBatch = batchesSent;
    }

    /// The backend is asked something that the client knows nothing of; it is complete with the next [#batchSent].
    void asideSent(Aside aside) {
        plan.add(batchesSent, 0, ReplyPlan.Action.SWALLOW_BATCH, aside);
    }

    /// The messages of the client up to its Sync are to be dropped: an error made the backend skip them.
    public boolean skipping() {
        return failed && open && batchesAnswered == batchesSent;
    }

    /// All that was asked has been answered, up to the last message.
    boolean allSeen() {
        return batchesAnswered == batchesSent && (!open || seen == sentInOpen || failed);
    }

    /// Nothing is owed and no batch is begun.
    public boolean settled() {
        return batchesAnswered == batchesSent && !open && copy == Copy.NONE;
    }

    /// Batches that are complete and not answered.
    public int owed() {
        return batchesSent - batchesAnswered;
    }

    /// Messages of the extended protocol were sent and no Sync behind them.
    public boolean batchOpen() {
        return open;
    }

    /// The backend takes CopyData.
    public boolean copyIn() {
        return copy != Copy.NONE;
    }

    /// Byte of the last ReadyForQuery.
    public byte status() {
        return status;
    }

    /// Too much is planned: the client is not to be read from until [Lessee#resumeReading].
    public boolean full() {
        return plan.isFull();
    }

    /// Something is expected that changes the session.
    public boolean expectsMore() {
        return !plan.isEmpty();
    }

    /// The next forwarded message is the proxy's own: its reply is dropped.
    /// @param pending what it prepares, if it is a Parse
    public void expectOwnReply(@Nullable PendingParse pending) {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.SWALLOW, pending);
    }

    /// The next forwarded message is a Parse of the client.
    public void expectParsed(PendingParse pending) {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.PARSED, pending);
    }

    /// The next forwarded Execute changes the session when it completes.
    public void expectEffect(Object subject) {
        plan.add(batchesSent, executesInOpen + 1, ReplyPlan.Action.EFFECT, subject);
    }

    /// The statement of that place in the next forwarded Query changes the session when it completes.
    /// @param place from 1
    public void expectEffect(Object subject, int place) {
        plan.add(batchesSent, place, ReplyPlan.Action.EFFECT, subject);
    }

    /// The next forwarded message is a Describe of the client whose answer is worth to be remembered.
    public void expectShape(SharedStatement statement) {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.SHAPE_TOLD, statement);
    }

    /// The next forwarded message is a Describe of the proxy's own.
    public void expectOwnShape(SharedStatement statement) {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.SHAPE_ASKED, statement);
    }

    /// The parameters of a statement that the proxy itself asked for come now.
    boolean shapeIsAsked() {
        return !plan.isEmpty() && plan.headBatch() == batchesAnswered && plan.headAction() == ReplyPlan.Action.SHAPE_ASKED
                && plan.headOrdinal() == seen + 1;
    }

    /// The next forwarded message is one that the backend refuses: the client gets the subject's error instead.
    public void expectRefusal(Object subject) {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.REFUSE, subject);
    }

    void thenReply(ReplyPlan.Action insertion) {
        plan.add(batchesSent, sentInOpen, insertion, null);
    }

    // --- the backend's side

    /// A reply that ends what one message asked for.
    void replied() {
        seen++;
    }

    /// CommandComplete, EmptyQueryResponse or PortalSuspended.
    void statementEnded() {
        seen++;
        completions++;
    }

    void failed() {
        failed = true;
    }

    /// CopyInResponse. The backend ignores every Sync from here to CopyDone or CopyFail, those included that are on
    /// their way to it.
    void copyInBegan() {
        boolean extended = batchesAnswered == batchesSent || (extendedBatches & 1L << batchesAnswered) != 0;
        copiesBegan++;
        if (copyEndsSent >= copiesBegan) {
            if (extended) batchesSent -= copyEndBatch - batchesAnswered;
            return;
        }
        copy = extended ? Copy.EXTENDED : Copy.SIMPLE;
        if (extended && batchesSent != batchesAnswered) {
            batchesSent = batchesAnswered;
            open = true;
            sentInOpen = seen + 1;
        }
    }

    /// ReadyForQuery.
    void answered(byte newStatus) {
        batchesAnswered++;
        seen = 0;
        completions = 0;
        failed = false;
        status = newStatus;
        copy = Copy.NONE;
        if (batchesAnswered == batchesSent) {
            copiesBegan = 0;
            copyEndsSent = 0;
        }
    }

    int batchesAnswered() {
        return batchesAnswered;
    }

    /// The head of the plan is about the reply that came last, or about the moment before a batch's first reply.
    boolean headIsDue() {
        if (plan.isEmpty() || plan.headBatch() != batchesAnswered) return false;
        int reached = plan.headAction() == ReplyPlan.Action.EFFECT ? completions : seen;
        return plan.headOrdinal() == reached;
    }

    /// The head of the plan is a refusal at the place where the error came.
    @Nullable Object refusalDue() {
        boolean due = !plan.isEmpty() && plan.headBatch() == batchesAnswered && plan.headAction() == ReplyPlan.Action.REFUSE
                && plan.headOrdinal() == seen + 1;
        return due ? plan.headSubject() : null;
    }

    /// The head of the plan belongs to the batch that is being answered.
    boolean headIsOfThisBatch() {
        return !plan.isEmpty() && plan.headBatch() == batchesAnswered;
    }
}
