package org.pgkeel.proxy.relay;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The transaction block that the proxy ends for a request of the client: its own that the request runs in, or the client's whose COMMIT it holds back. Which
/// replies in it are the proxy's, and when it is over. For [Exchange] it is one batch, however many ReadyForQuery come in it.
///
/// | event                                      | effect                                                 |
/// |--------------------------------------------|--------------------------------------------------------|
/// | the request sent, or the Sync of a batch   | the block is open                                      |
/// | ReadyForQuery                              | the block goes on: the proxy has to end it             |
/// | ReadyForQuery `I` behind [#endsOutside]    | the block is over, and the batch with it               |
/// | ReadyForQuery behind [#endsAsItIs]         | the block is over, and the batch with it               |
///
/// Invariant: an open block is the last that was sent.
///
/// Threading: confined to one event loop.
public final class Block {
    /// What the next ReadyForQuery is to it.
    private enum End { NOT_YET, IF_OUTSIDE, ANYHOW }

    private static final SequencedMap<String, String> NOTHING = Collections.unmodifiableSequencedMap(new LinkedHashMap<>());

    private final Exchange exchange;
    private boolean open;
    /// Replies to its BEGIN.
    private int beginReplies;
    /// Ordinal of the last message of the proxy's own that was sent in it.
    private int sent;
    /// Ordinal of the last statement that was sent in it.
    private int executed;
    /// How many statements its Query was to complete, with those ahead of it; 0 if nothing is to be kept.
    private int kept;
    private End end = End.NOT_YET;
    /// What the server has reported of its parameters: without the proxy's steps it would do that once, with the end.
    private SequencedMap<String, String> reported = NOTHING;

    Block(Exchange exchange) {
        this.exchange = exchange;
    }

    /// The batch that was sent last runs in it.
    public boolean isOpen() {
        return open;
    }

    /// A Query or a FunctionCall went to the backend, behind the BEGIN that is all there may be in the open batch: one batch with the end of the block.
    public void requestSent() {
        open = true;
        end = End.NOT_YET;
        reported = NOTHING;
        beginReplies = exchange.sentInOpen;
        exchange.querySent();
    }

    /// The Sync goes to the backend next of the open batch, which has begun and perhaps ended a block: one batch with the end of the block.
    public void syncs() {
        open = true;
        end = End.IF_OUTSIDE;
        reported = NOTHING;
    }

    /// BEGIN has not failed: what stands in the block was read by the backend.
    public boolean hasBegun() {
        return exchange.seen >= beginReplies;
    }

    /// The Sync goes to the backend that ends it if the server is outside of every block then.
    public void endsOutside() {
        end = End.IF_OUTSIDE;
    }

    /// The Sync goes to the backend that ends it: the client is in whatever block the server is in then.
    public void endsAsItIs() {
        end = End.ANYHOW;
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
        executed++;
        expect(ReplyPlan.Action.MARK, null);
    }

    /// The next message in it is the Execute of the client's COMMIT, whose end is the client's behind the mark.
    /// @param effect what it does to the session; null if that does not matter
    public void expectCommit(@Nullable Object effect) {
        sent++;
        executed++;
        exchange.plan.add(exchange.batchesAnswered(), executed, ReplyPlan.Action.KEEP, null);
        if (effect != null) exchange.plan.add(exchange.batchesAnswered(), executed, ReplyPlan.Action.EFFECT, effect);
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

    /// ParameterStatus comes.
    /// @return whether it is kept until the end
    boolean keepsReport(String name, String value) {
        if (!open) return false;
        if (reported.isEmpty()) reported = new LinkedHashMap<>(2);
        reported.put(name, value);
        return true;
    }

    /// What is kept of them; nothing the second time.
    public Map<String, String> takeReports() {
        Map<String, String> taken = reported;
        reported = NOTHING;
        return taken;
    }

    /// ReadyForQuery comes while it is answered.
    /// @return false if it is over with that
    boolean goesOn(byte newStatus) {
        sent = exchange.seen;
        executed = exchange.completions;
        return switch (end) {
            case NOT_YET -> true;
            case IF_OUTSIDE -> newStatus != Exchange.IDLE;
            case ANYHOW -> false;
        };
    }

    /// It is answered.
    void over() {
        open = false;
        kept = 0;
    }
}
