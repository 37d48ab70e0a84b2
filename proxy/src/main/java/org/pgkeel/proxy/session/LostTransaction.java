package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.observe.LoopStats;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.Statements;

/// Stands in for the backend of a client whose transaction was lost with the primary: the client is in a failed transaction, as
/// PostgreSQL would have it, until it ends it. Its first statement is told `40001`, later ones `25P02`; ROLLBACK succeeds, and so does
/// COMMIT with the tag ROLLBACK, but for one that is the first to hear of the loss. ROLLBACK TO, which would mend the transaction, is told `40001` whenever it
/// comes: libraries send it behind an error of their own, and it is the answer to it that their callers see. A statement that is only prepared under a name is
/// not the first: pgbench, for one, retries transactions but prepares once. A text that goes on behind its ROLLBACK is for another backend.
/// <https://www.postgresql.org/docs/current/protocol-flow.html>
///
/// Threading: confined to the session's event loop.
final class LostTransaction {
    /// What a statement does that is allowed in a failed transaction.
    private enum Exit { ROLLBACK, COMMIT, ROLLBACK_TO }

    private final Names names;
    private final LoopStats stats;
    private final Map<String, Exit> named = new HashMap<>(0);
    private final Map<String, Exit> portals = new HashMap<>(0);
    private boolean told;
    /// Replies that the client has already, from the backend that was lost.
    private int suppressed;
    /// Batches that the lost backend had been sent, and that are not answered yet.
    private int underWay;
    /// The first batch had failed, and the client has read why: only its end is missing.
    private boolean failed;
    private boolean skipping;
    private boolean ended;
    private boolean over;

    /// The client's named statements, while it has no backend.
    interface Names {
        /// @return null if the client has no statement of that name
        @Nullable SharedStatement get(ByteBuf in, int from, int to);

        /// @param text where the statement's text begins, and all behind it
        void keepName(ByteBuf in, int nameFrom, int nameTo, int text, int next);

        /// As [#keepName], of a statement of which only the name is known to be right.
        /// @return false if it cannot be kept
        boolean keepNewName(ByteBuf in, int nameFrom, int nameTo, int text, int next);

        void remove(byte[] name);
    }

    /// @param told       the client has read an error of it already
    /// @param suppressed replies that it has already, from the backend that was lost
    /// @param underWay   batches that the backend had been sent as a whole, which come here first
    LostTransaction(Names names, LoopStats stats, boolean told, int suppressed, int underWay) {
        this.names = names;
        this.stats = stats;
        this.told = told;
        this.suppressed = suppressed;
        this.underWay = underWay;
    }

    /// The client has read an error of the batch that comes first.
    LostTransaction firstFailed() {
        told = true;
        failed = true;
        return this;
    }

    /// The client has ended its transaction, and is ready for the next one.
    boolean isOver() {
        return over;
    }

    /// Whether a whole message of the client is a text that begins with ROLLBACK and goes on: what is behind it is for a backend, which is in no transaction. The lost
    /// one must not have seen it.
    boolean isLeftBy(ByteBuf in, byte type, int at, int next) {
        if (skipping || underWay > 0 || type != FrontendType.QUERY) return false;
        List<Statement> statements = Statements.parse(text(in, at + 5, terminator(in, at + 5, next)), Dialect.USUAL);
        return statements.size() > 1 && exitOf(statements.getFirst()) == Exit.ROLLBACK;
    }

    /// One whole message of the client.
    void message(ByteBuf in, byte type, int at, int next, ByteBuf out) {
        if (skipping && type != FrontendType.SYNC) return;
        switch (type) {
            case FrontendType.QUERY -> query(in, at, next, out);
            case FrontendType.FUNCTION_CALL -> {
                error(out);
                readyForQuery(out);
            }
            case FrontendType.PARSE -> parse(in, at, next, out);
            case FrontendType.BIND -> bind(in, at, next, out);
            case FrontendType.DESCRIBE -> describe(in, at, next, out);
            case FrontendType.EXECUTE -> execute(in, at, next, out);
            case FrontendType.CLOSE -> close(in, at, next, out);
            case FrontendType.SYNC -> {
                skipping = false;
                readyForQuery(out);
            }
            case FrontendType.FLUSH, FrontendType.COPY_DATA, FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> { }
            default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
        }
    }

    void tooLong(byte type, ByteBuf out) {
        if (skipping || type == FrontendType.COPY_DATA) return;
        failAndSkip(out);
        if (type == FrontendType.QUERY || type == FrontendType.FUNCTION_CALL) {
            skipping = false;
            readyForQuery(out);
        }
    }

    /// Batches that were sent to the backend and are not known word for word.
    /// @param complete how many have ended
    /// @param open     another one has begun
    void unknownBatches(int complete, boolean open, ByteBuf out) {
        for (int i = 0; i < complete; i++) {
            error(out);
            readyForQuery(out);
        }
        if (open) failAndSkip(out);
    }

    private void query(ByteBuf in, int at, int next, ByteBuf out) {
        Exit exit = exitOf(text(in, at + 5, terminator(in, at + 5, next)));
        if (exit == null) error(out);
        else end(exit, out);
        readyForQuery(out);
    }

    private void parse(ByteBuf in, int at, int next, ByteBuf out) {
        int nameEnd = terminator(in, at + 5, next);
        int textEnd = terminator(in, nameEnd + 1, next);
        String name = text(in, at + 5, nameEnd);
        Exit exit = exitOf(text(in, nameEnd + 1, textEnd));
        named.remove(name);
        if (exit == null) {
            if (suppressed > 0) suppressed--;   // The client was told, and its names are kept as it knows them.
            else if (!told && !name.isEmpty() && names.keepNewName(in, at + 5, nameEnd, nameEnd + 1, next)) reply(out, BackendType.PARSE_COMPLETE);
            else failAndSkip(out);
            return;
        }
        if (name.isEmpty()) named.put(name, exit);
        else names.keepName(in, at + 5, nameEnd, nameEnd + 1, next);
        reply(out, BackendType.PARSE_COMPLETE);
    }

    private void bind(ByteBuf in, int at, int next, ByteBuf out) {
        int portalEnd = terminator(in, at + 5, next);
        int nameEnd = terminator(in, portalEnd + 1, next);
        Exit exit = statement(in, portalEnd + 1, nameEnd);
        if (exit == null) {
            failAndSkip(out);
            return;
        }
        portals.put(text(in, at + 5, portalEnd), exit);
        reply(out, BackendType.BIND_COMPLETE);
    }

    private void describe(ByteBuf in, int at, int next, ByteBuf out) {
        int nameEnd = terminator(in, at + 6, next);
        boolean ofStatement = in.getByte(at + 5) == 'S';
        Exit exit = ofStatement ? statement(in, at + 6, nameEnd) : portals.get(text(in, at + 6, nameEnd));
        if (exit == null) {
            failAndSkip(out);
            return;
        }
        if (ofStatement && shows()) out.writeByte(BackendType.PARAMETER_DESCRIPTION).writeInt(6).writeShort(0);
        reply(out, BackendType.NO_DATA);
    }

    private void execute(ByteBuf in, int at, int next, ByteBuf out) {
        Exit exit = portals.get(text(in, at + 5, terminator(in, at + 5, next)));
        if (exit == null) {
            failAndSkip(out);
            return;
        }
        skipping = !end(exit, out);
    }

    private void close(ByteBuf in, int at, int next, ByteBuf out) {
        int nameEnd = terminator(in, at + 6, next);
        String name = text(in, at + 6, nameEnd);
        if (in.getByte(at + 5) == 'P') {
            portals.remove(name);
        } else {
            named.remove(name);
            if (!name.isEmpty() && suppressed == 0) names.remove(SqlStatementNames.bytes(name));
        }
        reply(out, BackendType.CLOSE_COMPLETE);
    }

    private @Nullable Exit statement(ByteBuf in, int from, int to) {
        if (from == to) return named.get("");
        SharedStatement statement = names.get(in, from, to);
        return statement == null ? null : exitOf(statement.text());
    }

    /// A COMMIT must not look like a success to a client that has not heard of the loss: it fails, as one does whose
    /// deferred constraints are violated.
    /// @return whether it succeeds
    private boolean end(Exit exit, ByteBuf out) {
        if (exit == Exit.ROLLBACK_TO) {
            told = false;
            error(out);
            return false;
        }
        ended = true;
        if (exit == Exit.COMMIT && !told) {
            error(out);
            return false;
        }
        if (shows()) SessionMessages.commandComplete(out, "ROLLBACK");
        return true;
    }

    private void failAndSkip(ByteBuf out) {
        error(out);
        skipping = true;
    }

    private void error(ByteBuf out) {
        if (failed) {
            told = true;
            suppressed = 0;
            return;
        }
        Refusal refusal = told
                ? Refusal.of(RefusalReason.IN_FAILED_TRANSACTION, "current transaction is aborted, commands ignored until end of transaction block")
                : Refusal.of(RefusalReason.PRIMARY_LOST, "failover: the transaction was rolled back, retry it");
        told = true;
        suppressed = 0;
        stats.refused(refusal.reason().word());
        ByteBuf message = SessionMessages.error(refusal);
        out.writeBytes(message);
        message.release();
    }

    private void reply(ByteBuf out, byte type) {
        if (shows()) out.writeByte(type).writeInt(4);
    }

    private boolean shows() {
        if (suppressed == 0) return !failed;
        suppressed--;
        return false;
    }

    private void readyForQuery(ByteBuf out) {
        suppressed = 0;
        failed = false;
        if (underWay > 0) underWay--;
        over = ended;
        out.writeByte(BackendType.READY_FOR_QUERY).writeInt(5).writeByte(ended ? 'I' : told ? 'E' : 'T');
    }

    /// What the text does, if it is nothing but the end of a transaction, or begins with ROLLBACK TO.
    private static @Nullable Exit exitOf(String text) {
        List<Statement> statements = Statements.parse(text, Dialect.USUAL);
        if (statements.isEmpty()) return null;
        Exit exit = exitOf(statements.getFirst());
        return exit == Exit.ROLLBACK_TO || statements.size() == 1 ? exit : null;
    }

    private static @Nullable Exit exitOf(Statement statement) {
        for (Effect effect : statement.effects()) {
            if (effect instanceof Effect.Rollback(var andChain) && !andChain) return Exit.ROLLBACK;
            if (effect instanceof Effect.Commit(var andChain) && !andChain) return Exit.COMMIT;
            if (effect instanceof Effect.RollbackTo) return Exit.ROLLBACK_TO;
        }
        return null;
    }

    private static String text(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static int terminator(ByteBuf in, int from, int next) {
        int end = from > next ? -1 : in.indexOf(from, next, (byte) 0);
        if (end < 0) throw new ProtocolViolation("a message without its terminator");
        return end;
    }
}
