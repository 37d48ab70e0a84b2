package org.pgkeel.proxy.relay;

import java.util.Arrays;
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
/// | ErrorResponse in such a COPY                 | as many of them may count after all: those that it had not read yet |
/// | ReadyForQuery                                | the batch is answered                                         |
/// | ReadyForQuery in a [Block]                   | the batch goes on: the proxy has to end the block             |
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
    private final Block block = new Block(this);
    private final BatchKinds kinds = new BatchKinds();
    private int batchesSent;
    private int batchesAnswered;
    int sentInOpen;
    int executesInOpen;
    private boolean open;
    /// The open batch stands in the place of a Query of the client: its Sync is the proxy's to send.
    private boolean endIsOwn;
    int seen;
    int completions;
    private boolean failed;
    private Copy copy = Copy.NONE;
    private int copiesBegan;
    private int copyEndsSent;
    /// The batch that was open when each CopyDone or CopyFail was sent.
    private int[] copyEndBatches = {};
    /// Syncs of the answered batch that were taken to be ignored because of its COPY.
    private int ignoredSyncs;
    /// As many ReadyForQuery may still come that are not counted as owed: answers to Syncs of a COPY that failed before the backend read them.
    private int straysMax;
    private byte status = IDLE;
    private boolean muddled;

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
        kinds.simple(batchesSent);
        batchSent();
    }

    /// The transaction block that the proxy ends, which the batch that was sent last may run in.
    public Block block() {
        return block;
    }

    /// A Sync went to the backend.
    public void syncSent() {
        if (copy != Copy.NONE) {
            ignoredSyncs++;
            return;
        }
        kinds.extended(batchesSent, sentInOpen);
        batchSent();
    }

    /// A Flush went to the backend.
    public void flushSent() {
        kinds.flushed(batchesSent);
    }

    private void batchSent() {
        kinds.begins(++batchesSent);
        endIsOwn = false;
        sentInOpen = 0;
        executesInOpen = 0;
        open = false;
    }

    /// What was sent last stands in the place of a Query of the client, whose request is complete: the Sync behind it is the proxy's to send.
    public void endIsOwn() {
        endIsOwn = true;
    }

    /// A CopyDone or CopyFail went to the backend, which ignores it where nothing is under way.
    public void copyEndSent() {
        if (settled()) return;
        copy = Copy.NONE;
        if (copyEndsSent == copyEndBatches.length) copyEndBatches = Arrays.copyOf(copyEndBatches, 2 * copyEndsSent + 4);
        copyEndBatches[copyEndsSent++] = batchesSent;
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
    public boolean allSeen() {
        return batchesAnswered == batchesSent && (!open || seen == sentInOpen || failed);
    }

    /// Nothing is owed and no batch is begun.
    public boolean settled() {
        return batchesAnswered == batchesSent && !open && copy == Copy.NONE;
    }

    /// Requests of the client that are complete and not answered.
    public int owed() {
        return batchesSent - batchesAnswered + (endIsOwn ? 1 : 0);
    }

    /// A ReadyForQuery may come.
    boolean owesReady() {
        return batchesSent != batchesAnswered;
    }

    /// The end of the batch that is being answered was sent, and no Flush in it: its replies come in one with their ReadyForQuery, as far as they fit.
    boolean isEndSent() {
        return owesReady() && !kinds.isFlushed(batchesAnswered);
    }

    /// Messages of the extended protocol were sent and no Sync behind them.
    public boolean batchOpen() {
        return open;
    }

    /// The client has begun a batch and not ended it.
    boolean clientIsWithinBatch() {
        return open && !endIsOwn;
    }

    /// The backend takes CopyData.
    public boolean copyIn() {
        return copy != Copy.NONE;
    }

    /// Number of the batch that the next message belongs to.
    public int openBatch() {
        return batchesSent;
    }

    /// The backend has said no to everything but the end of a transaction that failed, and owes nothing.
    public boolean inFailedTransaction() {
        return status == 'E' && batchesAnswered == batchesSent;
    }

    /// Byte of the last ReadyForQuery.
    public byte status() {
        return status;
    }

    /// Too much is planned: the client is not to be read from until [Lessee#resumeReading].
    public boolean full() {
        return plan.isFull();
    }

    /// Messages came amidst the data of a COPY, where the server takes none: what it has made of them is not known, nor what it holds prepared.
    boolean isMuddled() {
        return muddled;
    }

    /// Something is expected that changes the session.
    public boolean expectsMore() {
        return !plan.isEmpty();
    }

    /// The next forwarded message is the proxy's own: its reply is dropped.
    /// @param pending the [PendingParse] or [PendingClose] if it is one
    public void expectOwnReply(@Nullable Object pending) {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.SWALLOW, pending);
    }

    /// The next forwarded Execute asks for the transaction's mark.
    public void expectMark() {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.MARK, null);
    }

    /// The next forwarded message is a Describe for a Query that is sent as messages of the extended protocol.
    public void expectRowsOrNothing() {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.ROWS_OR_NOTHING, null);
    }

    /// A row that comes now is the answer to the question for the transaction's mark.
    boolean rowIsMark() {
        return !plan.isEmpty() && plan.headAction() == ReplyPlan.Action.MARK && plan.headBatch() == batchesAnswered && plan.headOrdinal() == seen + 1;
    }

    /// The batch that is being answered is all that is owed, stands outside of a transaction, and has completed nothing: were it to fail now,
    /// it could be sent again.
    boolean isRepeatable() {
        return owed() == 1 && !open && status == IDLE && completions == 0 && copy == Copy.NONE;
    }

    /// The batch that is being answered has failed.
    public boolean hasFailed() {
        return failed;
    }

    /// The next forwarded message is a Parse of the client.
    /// @param pending the [PendingParse]; or the [PendingName] if it is sure to be refused
    public void expectParsed(Object pending) {
        plan.add(batchesSent, sentInOpen + 1, ReplyPlan.Action.PARSED, pending);
    }

    /// The next forwarded Execute changes the session when it completes.
    public void expectEffect(Object subject) {
        plan.add(batchesSent, executesInOpen + 1, ReplyPlan.Action.EFFECT, subject);
    }

    /// The statement of that place in the next forwarded Query changes the session when it completes.
    /// @param place from 1
    public void expectEffect(Object subject, int place) {
        plan.add(batchesSent, executesInOpen + place, ReplyPlan.Action.EFFECT, subject);
    }

    /// The end of the statement of that place in the next forwarded Query or Execute is the client's when its commit has succeeded.
    /// @param place from 1
    public void expectKept(int place) {
        plan.add(batchesSent, executesInOpen + place, ReplyPlan.Action.KEEP, null);
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

    void thenReply(ReplyPlan.Action insertion, @Nullable Object undo) {
        plan.add(batchesSent, sentInOpen, insertion, undo);
    }

    // --- the backend's side

    /// A reply that ends what one message asked for.
    void replied() {
        seen++;
        straysMax = 0;
    }

    /// CommandComplete, EmptyQueryResponse or PortalSuspended.
    void statementEnded() {
        seen++;
        completions++;
        straysMax = 0;
    }

    void failed() {
        failed = true;
        copy = Copy.NONE;
        straysMax = 0;
    }

    /// The backend has replied to something that the proxy itself asked behind all Syncs of the client.
    void asideReplied() {
        straysMax = 0;
    }

    /// CopyInResponse. The backend ignores every Sync from here to CopyDone or CopyFail, those included that are on
    /// their way to it.
    void copyInBegan() {
        boolean extended = batchesAnswered == batchesSent || kinds.isExtended(batchesAnswered);
        int own = extended ? 0 : 1;
        boolean ended = copyEndsSent > copiesBegan;
        int upTo = ended ? copyEndBatches[copiesBegan] : batchesSent;
        copiesBegan++;
        ignoredSyncs = Math.max(0, upTo - batchesAnswered - own);
        if (ignoredSyncs > 0) ignore(ignoredSyncs);
        if (ended) return;
        copy = extended ? Copy.EXTENDED : Copy.SIMPLE;
        if (extended && ignoredSyncs > 0) {
            open = true;
            sentInOpen = seen + 1;
        }
    }

    private void ignore(int syncs) {
        for (int i = 0; i < copyEndsSent; i++) {
            if (copyEndBatches[i] - batchesAnswered > 0) copyEndBatches[i] -= syncs;
        }
        muddled |= plan.renumber(batchesAnswered, syncs);
        kinds.drop(batchesAnswered, syncs);
        batchesSent -= syncs;
    }

    /// A ReadyForQuery comes that nobody seems to have asked for: the COPY failed before the server read the Sync that stood ahead of
    /// its data, so that one counts after all.
    /// @return false if there was none
    boolean takeBackSync() {
        if (ignoredSyncs == 0 || !failed) return false;
        ignoredSyncs--;
        batchSent();
        return true;
    }

    /// The ReadyForQuery that comes now answers a Sync that was taken to be ignored, and nothing that is counted as owed. One of a lone Sync cannot be
    /// told from it, and need not be: then the stray one comes later.
    boolean isStray() {
        return straysMax > 0 && !failed && seen == 0 && (batchesAnswered == batchesSent || !kinds.isBare(batchesAnswered));
    }

    /// One of [#mayStray] has come.
    void strayCame() {
        straysMax--;
    }

    /// A ReadyForQuery may still come though none is owed. The next reply to anything says that it will not.
    boolean mayStray() {
        return straysMax > 0;
    }

    /// ReadyForQuery.
    void answered(byte newStatus) {
        batchesAnswered++;
        if (failed) straysMax = ignoredSyncs;
        ignoredSyncs = 0;
        seen = 0;
        completions = 0;
        failed = false;
        status = newStatus;
        copy = Copy.NONE;
        if (batchesAnswered == batchesSent) {
            if (block.isOpen()) block.over();
            copiesBegan = 0;
            copyEndsSent = 0;
        }
    }

    /// ReadyForQuery of something that the proxy itself asked: of the client's COPY, which stands behind it, nothing has come yet.
    void asideAnswered(byte newStatus) {
        int began = copiesBegan;
        int ends = copyEndsSent;
        answered(newStatus);
        if (!open) return;
        copiesBegan = began;
        copyEndsSent = ends;
    }

    /// Number of the batch that is answered next.
    public int batchesAnswered() {
        return batchesAnswered;
    }

    /// The head of the plan is about the reply that came last, or about the moment before a batch's first reply.
    boolean headIsDue() {
        if (plan.isEmpty() || plan.headBatch() != batchesAnswered) return false;
        ReplyPlan.Action action = plan.headAction();
        int reached = action == ReplyPlan.Action.EFFECT || action == ReplyPlan.Action.KEEP ? completions : seen;
        return plan.headOrdinal() == reached;
    }

    /// The head of the plan is a refusal at the place where the error came.
    @Nullable Object refusalDue() {
        boolean due = !plan.isEmpty() && plan.headBatch() == batchesAnswered && plan.headAction() == ReplyPlan.Action.REFUSE
                && plan.headOrdinal() == seen + 1;
        return due ? plan.headSubject() : null;
    }

    /// The head of the plan is about the very message that was answered with an error.
    boolean headFailed() {
        return plan.headAction() == ReplyPlan.Action.PARSED && plan.headOrdinal() == seen + 1;
    }

    /// The head of the plan belongs to the batch that is being answered.
    boolean headIsOfThisBatch() {
        return !plan.isEmpty() && plan.headBatch() == batchesAnswered;
    }
}
