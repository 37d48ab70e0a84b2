package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.backend.UnreplicatedCommit;

/// Walks what a backend sends, header by header, and passes it on through [ReplyRuns]. Only messages whose place in the [ReplyPlan] asks for
/// it are taken out, changed, or followed by one of the proxy's own; [PlannedReplies] does that.
///
/// Threading: confined to the connection's event loop.
final class ReplyWalk {
    /// PostgreSQL's own bound of a message, and ours for what has to be looked at as a whole.
    private static final int MESSAGE_BYTES_MAX = 0x3fffffff + 4;
    private static final int INSPECTED_BYTES_MAX = 64 * 1024;

    /// What becomes of a message.
    private enum Verdict { PASS, DROP }

    private static final Aside NOTHING = new Aside() {
        @Override
        public void error(byte[] errorBody) {}

        @Override
        public void done(byte status) {}
    };

    private final BackendConnection connection;
    /// What the next read begins with: replies whose rest is on its way, and the start of a message that has to be looked at as a whole and is not whole yet.
    private @Nullable ByteBuf carry;
    /// Bytes of `carry` that were walked already: rows, and what came behind them, that the client gets with what follows.
    private int walked;
    private int skip;
    private Verdict skipVerdict = Verdict.PASS;
    private boolean skipEndsReply;
    private @Nullable Aside aside;
    private byte @Nullable [] errorOfAside;
    private Farewell farewell = Farewell.UNSAID;
    /// The WARNING with which the server ends at once, kept from the client.
    private byte @Nullable [] goodbye;
    private final AnsweredBatch answered = new AnsweredBatch();
    private final UnwrittenRows unwrittenRows;
    private final ReplyRuns runs;
    private final PlannedReplies planned;
    private final ReportedParameters parameters;
    /// The batch that is being answered failed by a plan that the proxy kept; the client will hear of the next attempt instead.
    private boolean repeats;

    ReplyWalk(BackendConnection connection) {
        this.connection = connection;
        this.unwrittenRows = new UnwrittenRows(connection, answered);
        this.runs = new ReplyRuns(connection, answered);
        this.planned = new PlannedReplies(connection, runs);
        this.parameters = new ReportedParameters(connection, runs);
    }

    Farewell farewell() {
        return farewell;
    }

    /// What has come so far ends within a message.
    boolean isWithinMessage() {
        return skip > 0 || carry != null && carry.readableBytes() > walked;
    }

    void release() {
        if (carry != null) carry.release();
        carry = null;
    }

    /// The first replies of the next batch went to the client before, by another backend.
    void suppress(int replies) {
        answered.suppress(replies);
    }

    /// What the client before was told is nothing to this one.
    void leaseBegins() {
        errorOfAside = null;
    }

    /// What comes from now on is withheld from the client.
    void withholds() {
        answered.withholds(runs.unwritten(), walked > 0);
    }

    /// How far the client has been answered, for the case that no more comes.
    Loss loss(String why, Loss.Ending ending, Exchange exchange, Lessee client) {
        boolean kept = client.toClient().isWithholding();
        if (walked > 0) answered.takeBackRows();
        int had = answered.had() - runs.unwritten();   // what was not written is not among them
        byte[] lastWords = farewell instanceof Farewell.Kept(byte[] words) ? words : goodbye;
        return new Loss(why, ending, lastWords, exchange.status(), exchange.owed(), exchange.clientIsWithinBatch(), exchange.hasFailed() && !repeats,
                kept ? answered.hadBefore() : had, had, kept ? answered.hadRowsBefore() : answered.hasRows(), kept, skip > 0 && skipVerdict == Verdict.PASS && !kept, exchange.copyIn());
    }

    /// @param arrived released here
    void read(ByteBuf arrived) {
        ByteBuf in = carry == null ? arrived : merged(arrived);
        try {
            walk(in);
        } finally {
            in.release();
        }
    }

    private ByteBuf merged(ByteBuf arrived) {
        ByteBuf before = carry;
        carry = null;
        ByteBuf both = arrived.alloc().directBuffer(before.readableBytes() + arrived.readableBytes());
        both.writeBytes(before).writeBytes(arrived);
        before.release();
        arrived.release();
        return both;
    }

    private void walk(ByteBuf in) {
        int from = in.readerIndex();
        int at = from + walked;
        int end = in.writerIndex();
        byte type = 0;
        unwrittenRows.readBegins(from, walked);
        walked = 0;
        if (skip > 0) {
            int part = Math.min(skip, end - at);
            skip -= part;
            at += part;
            if (skipVerdict == Verdict.DROP) from = at;
            if (skip == 0 && skipEndsReply) {
                skipEndsReply = false;
                connection.exchange().replied();
                from = afterReply(in, from, at);
            }
        }
        while (end - at >= 5) {
            type = in.getByte(at);
            int length = in.getInt(at + 1);
            if (length < 4 || length > MESSAGE_BYTES_MAX) {
                throw new ProtocolViolation("message '" + (char) (type & 0xFF) + "': length " + length);
            }
            int next = at + 1 + length;
            if (next > end && length <= INSPECTED_BYTES_MAX && (isLookedInto(type) || aside != null || clientOutlives())) break;
            switch (type) {
                case BackendType.DATA_ROW, BackendType.COPY_DATA -> {
                    if (aside != null && next <= end) rowOfAside(aside, in, at, next);
                    if (aside != null || connection.lessee() == null) from = runs.drop(in, from, at, next);
                    else if (connection.exchange().rowIsMark()) from = planned.markCame(in, from, at, next, end);
                    else if (answered.isBehind()) from = runs.drop(in, from, at, next);
                    else answered.rowsCame(at);
                }
                case BackendType.ROW_DESCRIPTION -> from = replied(in, from, at, next, end);
                case BackendType.FUNCTION_CALL_RESPONSE -> {
                    answered.rowsCame(AnsweredBatch.ELSEWHERE);
                    from = replied(in, from, at, next, end);
                }
                case BackendType.PARSE_COMPLETE, BackendType.BIND_COMPLETE, BackendType.CLOSE_COMPLETE, BackendType.NO_DATA -> from = replied(in, from, at, next, end);
                case BackendType.COMMAND_COMPLETE, BackendType.EMPTY_QUERY_RESPONSE, BackendType.PORTAL_SUSPENDED -> from = statementEnded(in, from, at, next, end);
                case BackendType.READY_FOR_QUERY -> from = readyForQuery(in, from, at, next);
                case BackendType.ERROR_RESPONSE -> from = error(in, from, at, next, end);
                case BackendType.PARAMETER_STATUS -> from = next > end ? pass(in, from, at, next) : parameters.came(in, from, at, next, aside);
                case BackendType.COPY_IN_RESPONSE -> {
                    if (aside != null || connection.lessee() == null) throw new ProtocolViolation("CopyInResponse that nobody asked for");
                    answered.rowsCame(AnsweredBatch.ELSEWHERE);
                    connection.exchange().copyInBegan();
                }
                case BackendType.PARAMETER_DESCRIPTION -> from = connection.exchange().shapeIsAsked() ? runs.drop(in, from, at, next) : show(in, from, at, next);
                case BackendType.NOTICE_RESPONSE -> from = notice(in, from, at, next, end);
                case BackendType.COPY_OUT_RESPONSE, BackendType.COPY_BOTH_RESPONSE -> {
                    from = pass(in, from, at, next);
                    answered.rowsCame(at);
                }
                case BackendType.COPY_DONE -> from = pass(in, from, at, next);
                case BackendType.NOTIFICATION_RESPONSE -> {
                    // Answers nothing: whoever listens gets it though the proxy asks something meanwhile.
                    from = connection.lessee() == null ? runs.drop(in, from, at, next) : runs.behindKept(in, from, at);
                }
                default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
            }
            if (next > end) {
                skip = next - end;
                skipVerdict = from == next ? Verdict.DROP : Verdict.PASS;
                if (from > end) from = end;
                at = end;
            } else {
                at = next;
            }
        }
        int shown = unwrittenRows.readEnds(skip == 0 && (at < end || unwrittenRows.isFollowed(type)), from, at, end);
        if (from < shown) runs.last(in, from, shown);
        else runs.finish();
        if (connection.awaitsReplies()) connection.continueWhenAllSeen();
        if (shown < end) carry = in.alloc().buffer(end - shown + 64).writeBytes(in, shown, end - shown);
        walked = at - shown;
    }

    /// A client that is to stay when this backend is lost gets no beginning of a message that might never end; of a large one it does.
    private boolean clientOutlives() {
        Lessee client = connection.lessee();
        return client != null && client.outlivesBackend();
    }

    /// These are counted or read, so they are waited for as a whole. Bodies that may be large are not.
    private static boolean isLookedInto(byte type) {
        return switch (type) {
            case BackendType.READY_FOR_QUERY, BackendType.ERROR_RESPONSE, BackendType.NOTICE_RESPONSE, BackendType.PARAMETER_STATUS, BackendType.COMMAND_COMPLETE,
                 BackendType.EMPTY_QUERY_RESPONSE, BackendType.PORTAL_SUSPENDED, BackendType.PARSE_COMPLETE, BackendType.BIND_COMPLETE,
                 BackendType.CLOSE_COMPLETE, BackendType.NO_DATA -> true;
            default -> false;
        };
    }

    private static void rowOfAside(Aside aside, ByteBuf in, int at, int next) {
        aside.dataRow(in, at + 5, next - at - 5);
        if (next - at < 11) return;
        int bytes = in.getInt(at + 7);
        if (bytes > next - at - 11) throw new ProtocolViolation("DataRow: a column of " + bytes + " bytes");
        if (bytes >= 0) aside.row(in, at + 11, bytes);
    }

    // --- where bytes go

    private int pass(ByteBuf in, int from, int at, int next) {
        return aside != null || connection.lessee() == null ? runs.drop(in, from, at, next) : from;
    }

    /// The client gets the message, if it has not had it already.
    private int show(ByteBuf in, int from, int at, int next) {
        if (aside != null || connection.lessee() == null) return runs.drop(in, from, at, next);
        return runs.show(in, from, at, next);
    }

    /// A message that no backend sends is due to the client here.
    /// @param undo how to take back what the client is told, if an error comes first
    void insertHere(ReplyPlan.Action insertion, @Nullable Object undo) {
        Exchange exchange = connection.exchange();
        if (!exchange.allSeen()) {
            exchange.thenReply(insertion, undo);
            return;
        }
        runs.insert(PlannedReplies.typeOf(insertion));
    }

    void flushInsertions() {
        if (runs.unwritten() > 0 && connection.exchange().allSeen()) runs.flush();
    }

    // --- messages that are counted

    private int replied(ByteBuf in, int from, int at, int next, int end) {
        if (aside != null) return repliedToAside(in, from, at, next);
        if (connection.lessee() == null) throw new ProtocolViolation("a reply that nobody asked for");
        Exchange exchange = connection.exchange();
        if (next > end) {
            skipEndsReply = true;
            return exchange.shapeIsAsked() ? runs.drop(in, from, at, next) : show(in, from, at, next);
        }
        exchange.replied();
        if (!exchange.expectsMore()) return show(in, from, at, next);
        return planned.came(in, from, at, next);
    }

    private int statementEnded(ByteBuf in, int from, int at, int next, int end) {
        if (next > end) throw new ProtocolViolation("end of a statement: length " + (next - at - 1));
        if (aside != null) return repliedToAside(in, from, at, next);
        if (connection.lessee() == null) throw new ProtocolViolation("a reply that nobody asked for");
        Exchange exchange = connection.exchange();
        exchange.statementEnded();
        byte[] cause = errorOfAside;
        boolean failsCommit = cause != null && exchange.status() == 'E' && connection.client().commits();   // with the tag ROLLBACK, and the client has heard of no error
        int start = failsCommit ? runs.replace(in, from, at, next, errorOf(cause)) : from;
        if (!exchange.expectsMore()) return show(in, start, at, next);
        return planned.came(in, start, at, next);
    }

    private static ByteBuf errorOf(byte[] body) {
        return Unpooled.buffer(body.length + 5).writeByte(BackendType.ERROR_RESPONSE).writeInt(body.length + 4).writeBytes(body);
    }

    private int repliedToAside(ByteBuf in, int from, int at, int next) {
        connection.exchange().asideReplied();
        return runs.drop(in, from, at, next);
    }

    /// A large reply has been relayed to its end: what is to follow it follows now.
    private int afterReply(ByteBuf in, int from, int at) {
        return connection.exchange().expectsMore() ? planned.came(in, from, at, at) : from;   // it was counted when it began
    }

    // --- messages that are read

    private int readyForQuery(ByteBuf in, int from, int at, int next) {
        if (next - at != 6) throw new ProtocolViolation("ReadyForQuery: length " + (next - at - 1));
        unwrittenRows.batchEnded(next);
        byte status = in.getByte(at + 5);
        if (status != 'I' && status != 'T' && status != 'E') throw new ProtocolViolation("ReadyForQuery: status byte " + status);
        Exchange exchange = connection.exchange();
        if (exchange.isStray()) {
            exchange.strayCame();
            return connection.lessee() == null ? runs.drop(in, from, at, next) : from;
        }
        if (!exchange.owesReady()) {
            if (!exchange.takeBackSync()) throw new ProtocolViolation("ReadyForQuery that nobody asked for");
            connection.requests().incomplete();   // in them it ends nothing
        }
        Aside mine = aside;
        planned.skipped();
        if (mine == null && exchange.block().isOpen() && exchange.block().goesOn(status)) {
            connection.client().blockGoesOn(status);
            return runs.drop(in, from, at, next);
        }
        if (mine == null) exchange.answered(status);
        else exchange.asideAnswered(status);
        if (repeats && mine == null) return repeat(in, from, at, next);
        int start = mine == null && connection.lessee() != null ? parameters.atEndOfBlock(in, runs.behindKept(in, from, at), at) : from;
        if (mine == null) answered.ended();
        Lessee client = connection.lessee();
        if (mine != null) {
            aside = null;
            start = runs.drop(in, start, at, next);
            mine.done(status);
            if (status != 'E') errorOfAside = null;   // it has failed nothing of the client's
        } else {
            if (client == null) throw new ProtocolViolation("ReadyForQuery that nobody asked for");
            errorOfAside = null;
            byte told = client.readyForQuery(status);
            if (told == 0) start = runs.drop(in, start, at, next);
            else in.setByte(at + 5, told);
        }
        start = planned.batchEnded(in, start, next);
        beginAside(exchange);
        if (client != null && client == connection.lessee() && exchange.settled()) {
            if (start < next) runs.last(in, start, next);
            else runs.finish();
            if (exchange.mayStray()) awaitStrays();
            else client.settled(status);
            return next;
        }
        return start;
    }

    /// A COPY failed, and it is not known whether the server had read the Syncs ahead of its data: if not, it will answer each, and the client gets those
    /// answers, too. It is asked something whose reply comes behind them; until then the backend is this client's.
    private void awaitStrays() {
        connection.aside("", NOTHING);
        connection.outgoing().finish();
    }

    /// The batch has come to nothing, and the client has not heard of it: it is sent again.
    private int repeat(ByteBuf in, int from, int at, int next) {
        Lessee client = connection.client();
        int start = runs.drop(in, from, at, next);
        if (client.toClient().isWithholding()) {
            client.toClient().discard();
            runs.forgetInsertions();
            answered.repeatedFromWithheld();
        } else {
            answered.repeated();
        }
        repeats = false;
        client.repeat();
        return start;
    }

    /// If the next batch is one of the proxy's own, its replies are taken out from here.
    void beginAside(Exchange exchange) {
        if (exchange.headIsDue() && exchange.plan.headAction() == ReplyPlan.Action.SWALLOW_BATCH) {
            aside = (Aside) exchange.plan.headSubject();
            exchange.plan.removeHead();
        }
    }

    private int error(ByteBuf in, int from, int at, int next, int end) {
        boolean whole = next <= end;
        Lessee client = connection.lessee();
        if (whole && ErrorMeaning.endsSession(in, at + 5, next)) {
            if (farewell instanceof Farewell.Unsaid) farewell = Farewell.UNREAD;
            byte[] body = ErrorBody.copy(in, at + 5, next);
            if (client != null && client.outlivesBackend() && (ErrorMeaning.isShutdown(body) || connection.isToReplica() && ErrorMeaning.isConflict(body))) {
                farewell = new Farewell.Kept(body);
                return runs.drop(in, from, unwrittenRows.takeBack(client, from, at), next);
            }
        }
        if (aside != null) {
            byte[] body = whole ? ErrorBody.copy(in, at + 5, next) : new byte[] {0};
            if (client != null && aside != NOTHING) errorOfAside = body;
            connection.exchange().asideReplied();
            aside.error(body);
            return runs.drop(in, from, at, next);
        }
        if (client == null) {
            if (!(farewell instanceof Farewell.Unsaid)) return next;
            throw new ProtocolViolation("an ErrorResponse that nobody asked for");
        }
        if (farewell instanceof Farewell.Unread) farewell = Farewell.TOLD;
        Exchange exchange = connection.exchange();
        if (exchange.block().isOpen() && exchange.hasFailed() && farewell instanceof Farewell.Unsaid) {
            // A cancel met the end of a block that had failed: the client has had its error.
            planned.skipped();
            return runs.drop(in, from, at, next);
        }
        Object refusal = exchange.refusalDue();
        boolean outdated = whole && ErrorMeaning.isOutdatedPlan(in, at + 5, next);
        repeats = errorOfAside == null && (outdated ? exchange.isRepeatable() && !answered.hasRows() && client.mayRepeat()
                : whole && ErrorMeaning.isRefusedEnd(in, at + 5, next) && client.mayRepeatOutside());
        boolean late = unwrittenRows.areLate(client, from);
        exchange.failed();
        client.failed();
        planned.skipped();
        if (outdated) client.planOutdated();
        if (repeats) return runs.drop(in, from, at, next);
        if (refusal != null) return runs.replace(in, from, at, next, client.errorFor(refusal));
        byte[] cause = errorOfAside;
        if (cause == null && whole && !late && farewell instanceof Farewell.Unsaid && connection.isToReplica()
                && client.turnsAway(ErrorBody.copy(in, at + 5, next), answered.hadWithoutRows())) {
            return runs.dropBehindInsertions(in, from, answered.takeBackRows(from, at), next);
        }
        if (cause == null && whole) cause = client.inItsWords(ErrorBody.copy(in, at + 5, next));
        if (cause == null) return from;
        return runs.replace(in, from, at, next, errorOf(cause));
    }

    /// A server that is stopped at once, or that crashed, says goodbye with a WARNING.
    /// @throws UnreplicatedCommit if it is about a commit whose outcome is to be known
    private int notice(ByteBuf in, int from, int at, int next, int end) {
        Lessee client = connection.lessee();
        if (next > end || client == null || !client.outlivesBackend()) return pass(in, from, at, next);
        if (client.commitIsTracked() && UnreplicatedCommit.isToldBy(in, at + 5, next)) {
            runs.drop(in, from, unwrittenRows.takeBack(client, from, at), next);
            runs.finish();   // what came before counts as had
            throw new UnreplicatedCommit();
        }
        byte[] body = ErrorBody.copy(in, at + 5, next);
        if (!ErrorMeaning.isGoodbye(body)) return pass(in, from, at, next);
        goodbye = body;
        return runs.drop(in, from, unwrittenRows.takeBack(client, from, at), next);
    }
}
