package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.prepare.RowShape;
import org.pgkeel.proxy.prepare.SharedStatement;

/// Carries out what stands in the [ReplyPlan]: when the reply comes, or when an error comes first and the server skips what was asked.
///
/// Every entry is taken out once, by [#came] or by [#skipped]. What a skipped message was to change is undone from the last to the first, so that each
/// name means again what it meant before. Buffers and places in them are those of [ReplyRuns].
///
/// Threading: confined to the connection's event loop.
final class PlannedReplies {
    private static final byte[] UNNAMED = {};
    private static final PendingName NO_UNNAMED = new PendingName(UNNAMED, null);

    private final BackendConnection connection;
    private final ReplyRuns runs;

    PlannedReplies(BackendConnection connection, ReplyRuns runs) {
        this.connection = connection;
        this.runs = runs;
    }

    /// A reply came, and something is planned: perhaps for it.
    /// @param at where the reply begins; as `next` if it has been given to the client
    int came(ByteBuf in, int from, int at, int next) {
        Exchange exchange = connection.exchange();
        ReplyPlan plan = exchange.plan;
        int start = from;
        if (at < next && !isOwn(exchange, in.getByte(at))) start = runs.show(in, start, at, next);
        while (exchange.headIsDue()) {
            Object subject = plan.headSubject();
            ReplyPlan.Action action = plan.headAction();
            plan.removeHead();
            switch (action) {
                case SWALLOW -> {
                    start = runs.drop(in, start, at, next);
                    confirm(subject);
                }
                case MARK -> start = runs.drop(in, start, at, next);
                case KEEP -> {
                    connection.client().keeps(in, at, next);
                    start = runs.drop(in, start, at, next);
                }
                case ROWS_OR_NOTHING -> {
                    if (in.getByte(at) == BackendType.NO_DATA) start = runs.drop(in, start, at, next);
                }
                case PARSED -> confirm(subject);
                case SHAPE_TOLD -> {
                    SharedStatement statement = (SharedStatement) subject;
                    if (statement.rowShape() == RowShape.UNKNOWN) statement.rowShape(shape(in, at, next));
                }
                case SHAPE_ASKED -> {
                    start = runs.drop(in, start, at, next);
                    connection.client().shapeFound((SharedStatement) subject, shape(in, at, next));
                }
                case EFFECT -> connection.client().completed(subject, commandTag(in, at, next));
                case THEN_PARSE_COMPLETE, THEN_CLOSE_COMPLETE -> start = runs.insertBehind(in, start, next, typeOf(action));
                case SWALLOW_BATCH, REFUSE -> throw new IllegalStateException(action + " inside of a batch");
            }
            resumeIfHalfEmpty(plan);
        }
        return start;
    }

    /// The answer to the question for the transaction's mark came: a row.
    /// @param end of what was read
    int markCame(ByteBuf in, int from, int at, int next, int end) {
        if (next > end) throw new ProtocolViolation("DataRow: a transaction's mark of " + (next - at) + " bytes");
        connection.client().marked(in, at + 5, next);
        return runs.drop(in, from, at, next);
    }

    /// A batch is answered: what no backend sends and is due before the first reply to the next one follows its ReadyForQuery.
    int batchEnded(ByteBuf in, int from, int next) {
        Exchange exchange = connection.exchange();
        int start = from;
        while (exchange.headIsDue() && isInsertion(exchange.plan.headAction())) {
            byte type = typeOf(exchange.plan.headAction());
            exchange.plan.removeHead();
            start = runs.insertBehind(in, start, next, type);
        }
        return start;
    }

    /// An error or the batch's end came: nothing of what is planned for this batch happens any more.
    void skipped() {
        Exchange exchange = connection.exchange();
        ArrayDeque<Object> undone = null;
        while (exchange.headIsOfThisBatch()) {
            Object subject = exchange.plan.headSubject();
            ReplyPlan.Action action = exchange.plan.headAction();
            boolean failedItself = exchange.headFailed();
            exchange.plan.removeHead();
            resumeIfHalfEmpty(exchange.plan);
            if (action == ReplyPlan.Action.SHAPE_ASKED) connection.client().shapeFound((SharedStatement) subject, RowShape.UNKNOWN);
            Object undo = switch (subject) {
                // The server forgets its unnamed statement before it looks at the next one.
                case PendingParse(var statement, var name, var _) when failedItself -> new PendingParse(statement, name, null);
                case SharedStatement before when action == ReplyPlan.Action.THEN_PARSE_COMPLETE -> new PendingName(UNNAMED, before);
                case null -> action == ReplyPlan.Action.THEN_PARSE_COMPLETE ? NO_UNNAMED : null;
                default -> subject;
            };
            if (undo == null) continue;
            if (undone == null) undone = new ArrayDeque<>();
            undone.push(undo);
        }
        if (undone != null) undone.forEach(this::undo);
    }

    private void undo(Object subject) {
        switch (subject) {
            case PendingParse(var statement, var name, var before) -> {
                connection.statements().remove(statement);
                if (connection.statements().unnamed() == statement) connection.statements().unnamed(null);
                if (name != null) connection.client().notNamed(name, before);
            }
            case PendingName(var name, var before) -> connection.client().notNamed(name, before);
            case PendingClose(var statement) -> connection.statements().keep(statement);
            case PendingProbe _ -> connection.statements().probe(false);
            default -> { }
        }
    }

    private void confirm(@Nullable Object subject) {
        if (subject instanceof PendingParse pending) connection.statements().confirm(pending.statement());
    }

    /// A client that had planned too much may send more. Not from here: the walk is not over.
    private void resumeIfHalfEmpty(ReplyPlan plan) {
        if (plan.size() == ReplyPlan.ENTRIES_MAX / 2) connection.channel().eventLoop().execute(connection.client()::resumeReading);
    }

    /// The reply answers a message of the proxy's own.
    private static boolean isOwn(Exchange exchange, byte type) {
        if (!exchange.headIsDue()) return false;
        return switch (exchange.plan.headAction()) {
            case SWALLOW, SHAPE_ASKED, MARK, KEEP -> true;
            case ROWS_OR_NOTHING -> type == BackendType.NO_DATA;
            case SWALLOW_BATCH, PARSED, SHAPE_TOLD, THEN_PARSE_COMPLETE, THEN_CLOSE_COMPLETE, EFFECT, REFUSE -> false;
        };
    }

    private static boolean isInsertion(ReplyPlan.Action action) {
        return action == ReplyPlan.Action.THEN_PARSE_COMPLETE || action == ReplyPlan.Action.THEN_CLOSE_COMPLETE;
    }

    /// @param insertion one of those that no backend sends
    static byte typeOf(ReplyPlan.Action insertion) {
        return insertion == ReplyPlan.Action.THEN_PARSE_COMPLETE ? BackendType.PARSE_COMPLETE : BackendType.CLOSE_COMPLETE;
    }

    private static long shape(ByteBuf in, int at, int next) {
        if (next <= at) return RowShape.UNKNOWN;
        return in.getByte(at) == BackendType.ROW_DESCRIPTION ? RowShape.of(in, at + 5, next) : RowShape.NO_ROWS;
    }

    private static String commandTag(ByteBuf in, int at, int next) {
        boolean tagged = in.getByte(at) == BackendType.COMMAND_COMPLETE && next - at > 6;
        return tagged ? in.toString(at + 5, next - at - 6, StandardCharsets.US_ASCII) : "";
    }
}
