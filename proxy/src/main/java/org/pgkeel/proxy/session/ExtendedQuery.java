package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.prepare.RowShape;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.relay.PendingName;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementScan;

/// Bind, Describe, Close, Execute and Sync of the extended protocol: names of statements are the client's, in the backend stand the proxy's. What a
/// message needs that the backend does not have is prepared ahead of it.
///
/// Threading: confined to the session's event loop.
final class ExtendedQuery {
    /// The statement's name in a Bind that a backend is to refuse.
    private static final byte[] NOBODYS_NAME = "pgkeel refuses".getBytes(StandardCharsets.US_ASCII);
    private static final int NAME_BYTES_MAX = 64 * 1024;

    /// What a client has sent behind an Execute.
    private enum Behind {
        /// Its Sync.
        END,
        MORE,
        /// Nothing yet, as far as is known.
        NOT_THERE;

        static Behind of(ByteBuf in, int from) {
            for (int at = from; at + 5 <= in.writerIndex(); at += 1 + in.getInt(at + 1)) {
                byte type = in.getByte(at);
                if (type == FrontendType.SYNC) return END;
                if (type != FrontendType.CLOSE || in.getInt(at + 1) < 4 || in.getInt(at + 1) > NAME_BYTES_MAX) return MORE;
            }
            return NOT_THERE;
        }
    }

    private final ClientSession session;
    private final ClientStatements statements;
    private final Portals portals;
    private final RowShapes shapes;
    private final ClientLease lease;
    private final SessionEffects effects;
    private final Repetition repetition;
    private final CommitPath commit;

    ExtendedQuery(ClientSession session) {
        this.session = session;
        this.statements = session.statements();
        this.portals = session.portals();
        this.shapes = session.shapes();
        this.lease = session.lease();
        this.effects = session.effects();
        this.repetition = session.repetition();
        this.commit = session.commit();
    }

    /// @return as all of these: where the run of bytes to relay begins now, see [RequestWalk]
    int bind(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        // Of what passes in pieces it is not known word for word what was asked, should the server be lost.
        if (next > in.writerIndex() && next - at <= RequestWalk.WAITED_FOR_BYTES_MAX && session.recovers()) return RequestWalk.INCOMPLETE;
        int seen = Math.min(next, in.writerIndex());
        int portalEnd = in.indexOf(at + 5, seen, (byte) 0);
        int nameEnd = portalEnd < 0 ? -1 : in.indexOf(portalEnd + 1, seen, (byte) 0);
        if (nameEnd < 0) {
            if (next <= in.writerIndex() || seen - at > 2 * NAME_BYTES_MAX) throw new ProtocolViolation("Bind: no names");
            return RequestWalk.INCOMPLETE;
        }
        session.settings().beginBatch(backend);
        backend.slice().stats().bound();
        boolean isUnnamed = nameEnd == portalEnd + 1;
        if (isUnnamed && statements.unnamedIsUnseen()) {
            backend.exchange().messageSent();
            return from;
        }
        SharedStatement statement = isUnnamed ? statements.unnamed() : statements.get(in, portalEnd + 1, nameEnd);
        if (statement == null && lease.waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
        if (statement == null) return refuse(backend, in, from, at, next, missing(in, portalEnd + 1, nameEnd));
        List<Effect> does = BoundSettings.effects(statement, in, nameEnd + 1, next, session.settings());
        portals.bound(in, at + 5, portalEnd, statement, does);
        if (isUnnamed && !statements.unnamedIsKept()) return bindUnnamed(backend, in, from, at, statement);
        if (shapes.isOutdated(statement)) return refuseOutdated(backend, in, from, at, next, statement);
        if (RowShapes.mustAsk(backend, statement, statements.generation())) return askShape(backend, in, from, at, statement);
        SharedStatement told = statements.toldTo(backend, statement);
        if (told != statement) {
            statements.isCalled(bytes(in, portalEnd + 1, nameEnd), told);
            portals.bound(in, at + 5, portalEnd, told, does);
        }
        Outgoing out = backend.outgoing();
        out.run(in, from, at);
        ExtendedPreparation.ensure(backend, told);
        byte[] name = told.name();
        ByteBuf room = out.room(portalEnd - at + 1 + name.length);
        room.writeByte(FrontendType.BIND).writeInt(in.getInt(at + 1) + name.length - (nameEnd - portalEnd - 1));
        room.writeBytes(in, at + 5, portalEnd - at - 4).writeBytes(name);
        backend.exchange().messageSent();
        return nameEnd;
    }

    private int bindUnnamed(BackendConnection backend, ByteBuf in, int from, int at, SharedStatement statement) {
        int start = from;
        if (!statement.uses().isEmpty()) {
            backend.outgoing().run(in, from, at);
            statement.uses().forEach(used -> ExtendedPreparation.ensure(backend, used));
            start = at;
        }
        if (backend.statements().unnamed() != statement) {
            backend.outgoing().run(in, start, at);
            ExtendedPreparation.ensureUnnamed(backend, statement);
            start = at;
        }
        backend.exchange().messageSent();
        return start;
    }

    /// Prepares and describes the statement; the client's message waits for the answer.
    private int askShape(BackendConnection backend, ByteBuf in, int from, int at, SharedStatement statement) {
        backend.outgoing().run(in, from, at);
        ExtendedPreparation.ensure(backend, statement);
        shapes.ask(backend, statement);
        return RequestWalk.HELD;
    }

    /// Where the statement is prepared now with other rows, a client that was told of the old ones too would not be asked for it any more: it goes from there.
    private static int refuseOutdated(BackendConnection backend, ByteBuf in, int from, int at, int next, SharedStatement statement) {
        backend.outgoing().run(in, from, at);
        ExtendedPreparation.forget(backend, statement);
        return refuse(backend, in, at, at, next, Refusal.of(RefusalReason.OUTDATED_STATEMENT, "cached plan must not change result type"));
    }

    int describeOrClose(BackendConnection backend, ByteBuf in, byte type, int from, int at, int next) {
        boolean close = type == FrontendType.CLOSE;
        if (next - at < 7 || in.getByte(next - 1) != 0) throw new ProtocolViolation(close ? "Close: not whole" : "Describe: not whole");
        session.settings().beginBatch(backend);
        byte kind = in.getByte(at + 5);
        if (kind == 'P') {
            SharedStatement statement = close || next - at != 7 ? null : portals.unnamed();
            if (statement != null && statement.rowShape() == RowShape.UNKNOWN) backend.exchange().expectShape(statement);
            backend.exchange().messageSent();
            return from;
        }
        if (kind != 'S') throw new ProtocolViolation((close ? "Close" : "Describe") + ": kind " + kind);
        return close ? closeStatement(backend, in, from, at, next) : describeStatement(backend, in, from, at, next);
    }

    private int describeStatement(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        boolean isUnnamed = next - at == 7;
        if (isUnnamed && statements.unnamedIsUnseen()) {
            backend.exchange().messageSent();
            return from;
        }
        SharedStatement statement = isUnnamed ? statements.unnamed() : statements.get(in, at + 6, next - 1);
        if (statement == null && lease.waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
        if (statement == null) return refuse(backend, in, from, at, next, missing(in, at + 6, next - 1));
        if (isUnnamed && !statements.unnamedIsKept()) return bindUnnamed(backend, in, from, at, statement);
        if (shapes.isOutdated(statement)) return refuseOutdated(backend, in, from, at, next, statement);
        if (RowShapes.mustAsk(backend, statement, statements.generation())) return askShape(backend, in, from, at, statement);
        SharedStatement told = statements.toldTo(backend, statement);
        if (told != statement) statements.isCalled(bytes(in, at + 6, next - 1), told);
        backend.outgoing().run(in, from, at);
        ExtendedPreparation.ensure(backend, told);
        if (told.rowShape() == RowShape.UNKNOWN) backend.exchange().expectShape(told);
        byte[] name = told.name();
        backend.outgoing().room(name.length + 7).writeByte(FrontendType.DESCRIBE).writeInt(name.length + 6).writeByte('S').writeBytes(name).writeByte(0);
        backend.exchange().messageSent();
        return next;
    }

    private int closeStatement(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        repetition.never();
        backend.outgoing().run(in, from, at);
        byte[] name = bytes(in, at + 6, next - 1);
        SharedStatement before = statements.close(backend, name);
        backend.replyCloseComplete(before == null ? null : new PendingName(name, before));
        return next;
    }

    int execute(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        int portalEnd = in.indexOf(at + 5, next, (byte) 0);
        if (portalEnd < 0 || next - portalEnd != 5) throw new ProtocolViolation("Execute: not whole");
        session.settings().beginBatch(backend);
        SharedStatement statement = portals.get(in, at + 5, portalEnd);
        int start = from;
        if (commit.isWatched()) {
            StatementClass kind = statement == null ? StatementClass.UNREAD : statements.classOf(statement);
            if (commit.isConcernedBy(kind)) start = executeWatched(backend, kind, in, from, at, next);
            if (start < 0) return start;
        } else if (statement == null || (statement.flags() & StatementScan.MAY_COMMIT) != 0) {
            backend.requests().commits();
        }
        if (statement != null && statement.flags() != StatementScan.PLAIN && effects.mustHear(statement)) {
            List<Effect> does = portals.effects(in, at + 5, portalEnd);
            effects.announce(does);
            backend.exchange().expectEffect(effects.subjectOf(statement, does));
        }
        session.inserts().executed(backend.exchange(), statement);
        backend.exchange().executeSent();
        return start;
    }

    /// @return as [#execute], before the Execute itself is sent
    private int executeWatched(BackendConnection backend, StatementClass kind, ByteBuf in, int from, int at, int next) {
        Behind behind = commit.enclosure().mayBeginInBatch(backend, kind) ? Behind.of(in, next) : Behind.MORE;
        return switch (behind) {
            case NOT_THERE -> RequestWalk.INCOMPLETE;
            case END -> commit.enclosure().beginInBatch(backend, kind, in, from, at);
            case MORE -> commit.executes(backend, kind, in, from, at);
        };
    }

    /// A Sync: outside of a transaction block it commits.
    int sync(BackendConnection backend, ByteBuf in, int from, int at) {
        int start = commit.syncs(backend, in, from, at);
        if (start != RequestWalk.HELD) backend.exchange().syncSent();
        return start;
    }

    private static byte[] bytes(ByteBuf in, int from, int to) {
        byte[] bytes = new byte[to - from];
        in.getBytes(from, bytes);
        return bytes;
    }

    // --- refusals

    private static Refusal missing(ByteBuf in, int from, int to) {
        String what = from == to ? "unnamed prepared statement does not exist"
                : "prepared statement \"" + in.toString(from, to - from, StandardCharsets.UTF_8) + "\" does not exist";
        return Refusal.of(RefusalReason.NO_SUCH_STATEMENT, what);
    }

    /// The backend is made to refuse in the client's place, so that its transaction and pipeline fail as they would.
    static int refuse(BackendConnection backend, ByteBuf in, int from, int at, int next, Refusal refusal) {
        backend.outgoing().run(in, from, at);
        backend.exchange().expectRefusal(refusal);
        backend.requests().incomplete();
        backend.outgoing().room(NOBODYS_NAME.length + 13).writeByte(FrontendType.BIND).writeInt(NOBODYS_NAME.length + 12).writeByte(0)
                .writeBytes(NOBODYS_NAME).writeByte(0).writeShort(0).writeShort(0).writeShort(0);
        backend.exchange().messageSent();
        return next;
    }

    static int nameEnd(ByteBuf in, int from, int next, String message) {
        int end = in.indexOf(from, Math.min(Math.min(next, in.writerIndex()), from + NAME_BYTES_MAX), (byte) 0);
        if (end < 0) throw new ProtocolViolation(message + ": no name");
        return end;
    }
}
