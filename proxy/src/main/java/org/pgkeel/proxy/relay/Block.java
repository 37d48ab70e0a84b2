package org.pgkeel.proxy.relay;

import org.jspecify.annotations.Nullable;

/// The transaction block of the proxy's own that a request of the client runs in: which replies in it are the proxy's, and when it is over. For [Exchange]
/// it is one batch, however many ReadyForQuery come in it.
///
/// | event                                    | effect                                                   |
/// |------------------------------------------|----------------------------------------------------------|
/// | the request sent behind BEGIN            | the block is open                                        |
/// | ReadyForQuery                            | the block goes on: the proxy has to end it               |
/// | ReadyForQuery `I` behind [#ends]         | the block is over, and the batch with it                 |
///
/// Invariant: an open block is the last that was sent.
///
/// Threading: confined to one event loop.
public final class Block {
    private final Exchange exchange;
    private boolean open;
    /// Replies to its BEGIN.
    private int beginReplies;
    /// Ordinal of the last message of the proxy's own that was sent in it.
    private int sent;
    /// How many statements its Query was to complete, with those ahead of it; 0 if nothing is to be kept.
    private int kept;
    /// The Sync was sent whose ReadyForQuery may end it.
    private boolean ends;

    Block(Exchange exchange) {
        this.exchange = exchange;
    }

    /// The batch that was sent last runs in it.
    public boolean isOpen() {
        return open;
    }

    /// A Query or a FunctionCall went to the backend, behind the BEGIN that is all there is in the open batch: one batch with the end of the block.
    public void requestSent() {
        open = true;
        ends = false;
        beginReplies = exchange.sentInOpen;
        exchange.querySent();
    }

    /// BEGIN has not failed: what stands in the block was read by the backend.
    public boolean hasBegun() {
        return exchange.seen >= beginReplies;
    }

    /// A Sync went to the backend in it.
    public void ends() {
        ends = true;
    }

    /// Its Query has completed more statements than it was said to.
    public boolean isBehindKept() {
        return kept > 0 && exchange.completions > kept;
    }

    /// The next message in it is the proxy's own: its reply is dropped.
    /// @param pending the [PendingProbe] if it is one
    public void expectOwn(@Nullable Object pending) {
        expect(ReplyPlan.Action.SWALLOW, pending);
    }

    /// The next message in it asks for the transaction's mark.
    public void expectMark() {
        expect(ReplyPlan.Action.MARK, null);
    }

    private void expect(ReplyPlan.Action action, @Nullable Object subject) {
        exchange.plan.add(exchange.batchesAnswered(), ++sent, action, subject);
    }

    /// The end of the statement of that place in the next forwarded Query is the client's when the block is committed.
    /// @param place from 1
    public void expectKept(int place) {
        kept = exchange.executesInOpen + place;
        exchange.expectKept(place);
    }

    /// ReadyForQuery comes while it is answered.
    /// @return false if it is over with that
    boolean goesOn(byte newStatus) {
        sent = exchange.seen;
        return newStatus != Exchange.IDLE || !ends;
    }

    /// It is answered.
    void over() {
        open = false;
        kept = 0;
    }
}
