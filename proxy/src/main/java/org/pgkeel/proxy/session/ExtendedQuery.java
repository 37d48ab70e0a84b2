package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.config.PreparedConfig;
import org.pgkeel.proxy.prepare.RowShape;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.relay.PendingName;
import org.pgkeel.proxy.relay.PendingParse;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.pgkeel.proxy.statement.StatementScan;
import org.pgkeel.proxy.statement.Statements;

/// The extended protocol: names of statements are the client's, in the backend stand the proxy's; what the backend has
/// prepared already is not parsed again.
///
/// Threading: confined to the session's event loop.
final class ExtendedQuery {
    /// The statement's name in a Bind that a backend is to refuse.
    private static final byte[] NOBODYS_NAME = "pgkeel refuses".getBytes(StandardCharsets.US_ASCII);
    private static final int NAME_BYTES_MAX = 64 * 1024;
    private static final int UNCACHED_FLAGS = StatementScan.VOLATILE_LITERAL | StatementScan.LOOK_CLOSER | StatementScan.DDL | StatementScan.MULTI;

    private final ClientSession session;
    private final ClientStatements statements;
    private final PreparedConfig config;
    private final Portals portals;
    private final RowShapes shapes;
    private final ClientLease lease;
    private final SessionEffects effects;
    private final Repetition repetition;

    ExtendedQuery(ClientSession session) {
        this.session = session;
        this.statements = session.statements();
        this.portals = session.portals();
        this.shapes = session.shapes();
        this.lease = session.lease();
        this.effects = session.effects();
        this.repetition = session.repetition();
        this.config = session.context().config().prepared();
    }

    /// The statement that a Parse without a name is about, if it is known well enough to be kept prepared; null if not.
    /// @param text where its text begins
    @Nullable SharedStatement known(ByteBuf in, int text, int next) {
        if (config.unnamed() != PreparedConfig.Unnamed.CACHE || next - text > config.statementBytes()) return null;
        SharedStatement statement = session.context().statements().peek(session.settings().meaning(), statements.generation(), in, text, next);
        return statement == null || (statement.flags() & UNCACHED_FLAGS) != 0 ? null : statement;
    }

    // --- Parse

    int parse(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        int nameEnd = nameEnd(in, at + 5, next, "Parse");
        boolean isUnnamed = nameEnd == at + 5;
        repetition.parses(backend.exchange());
        session.settings().beginBatch(backend);
        if (next > in.writerIndex()) return parseUnseen(backend, in, from, at, next, isUnnamed);
        int text = nameEnd + 1;
        int textEnd = in.indexOf(text, next, (byte) 0);
        if (textEnd < 0 || next - textEnd < 3) throw new ProtocolViolation("Parse: not whole");
        backend.slice().stats().clientParsed();
        return isUnnamed ? parseUnnamed(backend, in, from, at, next, text) : parseNamed(backend, in, from, at, next, text);
    }

    /// Too long to be looked into: it can only be relayed, and its client keeps the backend that knows what it did.
    private int parseUnseen(BackendConnection backend, ByteBuf in, int from, int at, int next, boolean isUnnamed) {
        if (!isUnnamed) return refuse(backend, in, from, at, next, Refusal.of(RefusalReason.STATEMENT_TOO_LONG,
                "a named prepared statement is longer than " + session.context().config().limits().inspectedStatementBytes() + " bytes",
                "The limit is limits.inspected-statement-bytes; an unnamed statement may be longer."));
        repetition.never();
        statements.unnamedUnseen(backend);
        backend.statements().unnamed(null);
        session.pins().add(PinReason.STATEMENT_NOT_INSPECTED);
        session.commit().watch().unwatchable();
        backend.exchange().messageSent();
        return from;
    }

    private int parseUnnamed(BackendConnection backend, ByteBuf in, int from, int at, int next, int text) {
        SharedStatement before = statements.unnamedChanges(backend);
        StatementCache cache = session.context().statements();
        boolean mayCache = config.unnamed() == PreparedConfig.Unnamed.CACHE && !session.settings().meaningIsOwn() && next - text <= config.statementBytes();
        SharedStatement statement = mayCache ? cache.findAgain(session.settings().meaning(), statements.generation(), in, text, next) : null;
        if (statement != null && (statement.flags() & UNCACHED_FLAGS) == 0) {
            statements.unnamedKept(statement);
            return prepare(backend, in, from, at, next, statement, ClientStatements.UNNAMED, before);
        }
        repetition.never();
        statement = cache.ownOf(session.settings().meaning(), statements.generation(), in, text, next);
        Refusal refusal = session.pins().refusalOf(statement.effects(), backend);
        if (refusal != null) return refuse(backend, in, from, at, next, refusal);
        statements.unnamedOwn(statement);
        if (concernsNames(statement)) {
            if (lease.waitsForReplies(backend, in, from, at)) {
                statements.restoreUnnamed(before);
                return RequestWalk.HELD;
            }
            return parseWithNames(backend, in, from, at, next, statement, ClientStatements.UNNAMED, before);
        }
        backend.exchange().expectParsed(new PendingParse(statement, ClientStatements.UNNAMED, before));
        backend.exchange().messageSent();
        backend.statements().unnamed(statement);
        return from;
    }

    private int parseNamed(BackendConnection backend, ByteBuf in, int from, int at, int next, int text) {
        repetition.never();
        if (statements.get(in, at + 5, text - 1) != null) {
            if (lease.waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
            return refuse(backend, in, from, at, next, Refusal.of(RefusalReason.DUPLICATE_PREPARED_STATEMENT,
                    "prepared statement \"" + in.toString(at + 5, text - at - 6, StandardCharsets.UTF_8) + "\" already exists"));
        }
        if (statements.size() >= config.perClient()) {
            return refuse(backend, in, from, at, next, Refusal.of(RefusalReason.TOO_MANY_STATEMENTS,
                    "a client may have " + config.perClient() + " prepared statements", "The limit is prepared.per-client."));
        }
        StatementCache cache = session.context().statements();
        boolean own = session.settings().meaningIsOwn() || next - text > config.statementBytes();
        SharedStatement statement = own ? cache.ownOf(session.settings().meaning(), statements.generation(), in, text, next) : cache.find(session.settings().meaning(), statements.generation(), in, text, next);
        if (!own && (statement.flags() & StatementScan.VOLATILE_LITERAL) != 0) statement = cache.ownOf(session.settings().meaning(), statements.generation(), in, text, next);
        Refusal refusal = session.pins().refusalOf(statement.effects(), backend);
        if (refusal != null) return refuse(backend, in, from, at, next, refusal);
        byte[] name = new byte[text - 1 - (at + 5)];
        in.getBytes(at + 5, name);
        if (concernsNames(statement)) {
            if (lease.waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
            return parseWithNames(backend, in, from, at, next, statement, name, null);
        }
        statements.name(backend, name, statement);
        return prepare(backend, in, from, at, next, statement, name, null);
    }

    /// The client's Parse: forwarded under the proxy's name, or answered if the backend has it.
    /// @param before what had that name before
    private int prepare(BackendConnection backend, ByteBuf in, int from, int at, int next, SharedStatement statement, byte[] name,
                        @Nullable SharedStatement before) {
        backend.outgoing().run(in, from, at);
        Exchange exchange = backend.exchange();
        boolean known = backend.statements().has(statement);
        if (known && exchange.inFailedTransaction() && (statement.flags() & StatementScan.TRANSACTION_CONTROL) == 0) {
            exchange.expectParsed(new PendingName(name, before));
            ExtendedPreparation.sendParse(backend, statement.name(), statement.body());
        } else if (known && backend.statements().isSure(statement, exchange.openBatch())) {
            backend.replyParseComplete(name.length == 0 || exchange.allSeen() ? before : new PendingName(name, before));
        } else {
            if (known) ExtendedPreparation.sendClose(backend, statement);
            exchange.expectParsed(new PendingParse(statement, name, before));
            ExtendedPreparation.sendParse(backend, statement.name(), statement.body());
            ExtendedPreparation.remember(backend, statement);
        }
        return next;
    }

    private static boolean concernsNames(SharedStatement statement) {
        return statement.effects().stream().anyMatch(effect -> effect instanceof Effect.PrepareStatement
                || effect instanceof Effect.ExecuteStatement || effect instanceof Effect.Deallocate);
    }

    /// PREPARE, EXECUTE and DEALLOCATE in the extended protocol: the text gets the proxy's names.
    private int parseWithNames(BackendConnection backend, ByteBuf in, int from, int at, int next, SharedStatement original, byte[] name,
                               @Nullable SharedStatement before) {
        int textEnd = 0;
        while (original.body()[textEnd] != 0) textEnd++;
        String text = new String(original.body(), 0, textEnd, StandardCharsets.ISO_8859_1);
        List<Statement> parsed = Statements.parse(text, session.settings().standardConformingStrings());
        SqlStatementNames.Renamed renamed = session.sqlNames().rename(text, parsed);
        if (renamed.refusal().isPresent()) return refuse(backend, in, from, at, next, renamed.refusal().get());
        backend.outgoing().run(in, from, at);
        for (SharedStatement needed : renamed.needed()) ExtendedPreparation.ensure(backend, needed);
        for (SharedStatement made : renamed.made()) ExtendedPreparation.forget(backend, made);
        byte[] changed = renamed.text().getBytes(StandardCharsets.ISO_8859_1);
        byte[] body = new byte[changed.length + original.body().length - textEnd];
        System.arraycopy(changed, 0, body, 0, changed.length);
        System.arraycopy(original.body(), textEnd, body, changed.length, original.body().length - textEnd);
        SharedStatement statement = original.withNames(body, renamed.needed());
        backend.exchange().expectParsed(new PendingParse(statement, name, name.length == 0 ? before : null));
        if (name.length == 0) {
            statements.unnamedOwn(statement);
            ExtendedPreparation.sendParse(backend, ClientStatements.UNNAMED, body);
            backend.statements().unnamed(statement);
        } else {
            statements.name(backend, name, statement);
            ExtendedPreparation.sendParse(backend, statement.name(), body);
            ExtendedPreparation.remember(backend, statement);
        }
        for (PendingParse made : renamed.prepares().values()) effects.madeByExecute(statement, made);
        return next;
    }

    /// Prepares and describes the statement; the client's message waits for the answer.
    private int askShape(BackendConnection backend, ByteBuf in, int from, int at, SharedStatement statement) {
        backend.outgoing().run(in, from, at);
        ExtendedPreparation.ensure(backend, statement);
        shapes.ask(backend, statement);
        return RequestWalk.HELD;
    }

    private static Refusal outdated() {
        return Refusal.of(RefusalReason.OUTDATED_STATEMENT, "cached plan must not change result type");
    }

    // --- Bind, Describe, Close, Execute

    int bind(BackendConnection backend, ByteBuf in, int from, int at, int next) {
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
        portals.bound(in, at + 5, portalEnd, statement);
        if (isUnnamed && !statements.unnamedIsKept()) return bindUnnamed(backend, in, from, at, statement);
        if (shapes.isOutdated(statement)) return refuse(backend, in, from, at, next, outdated());
        if (RowShapes.mustAsk(backend, statement, statements.generation())) return askShape(backend, in, from, at, statement);
        Outgoing out = backend.outgoing();
        out.run(in, from, at);
        ExtendedPreparation.ensure(backend, statement);
        byte[] name = statement.name();
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
        if (shapes.isOutdated(statement)) return refuse(backend, in, from, at, next, outdated());
        if (RowShapes.mustAsk(backend, statement, statements.generation())) return askShape(backend, in, from, at, statement);
        backend.outgoing().run(in, from, at);
        ExtendedPreparation.ensure(backend, statement);
        if (statement.rowShape() == RowShape.UNKNOWN) backend.exchange().expectShape(statement);
        byte[] name = statement.name();
        backend.outgoing().room(name.length + 7).writeByte(FrontendType.DESCRIBE).writeInt(name.length + 6).writeByte('S').writeBytes(name).writeByte(0);
        backend.exchange().messageSent();
        return next;
    }

    private int closeStatement(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        repetition.never();
        backend.outgoing().run(in, from, at);
        byte[] name = new byte[next - 1 - (at + 6)];
        in.getBytes(at + 6, name);
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
        if (session.commit().isWatched()) {
            StatementClass kind = statement == null ? StatementClass.UNREAD : statements.classOf(statement);
            CommitWatch commits = session.commit().watch();
            if (session.commit().isOutside(backend)) {
                if (!BatchContents.isHarmless(kind)) {
                    if (session.commit().waitsForEarlier(backend, in, from, at)) return RequestWalk.HELD;
                    if (!kind.has(StatementKind.COPY_IN)) session.commit().withhold(backend);
                }
                commits.executes(kind);
            } else if (kind.has(StatementKind.COMMIT) || kind.has(StatementKind.PREPARE_TRANSACTION)) {
                if (session.commit().waitsForEarlier(backend, in, from, at)) return RequestWalk.HELD;
                if (commits.mustAsk() && backend.exchange().status() != 'E') {
                    if (!session.commit().ask(backend, in, from, at)) return RequestWalk.HELD;
                    start = at;
                }
                commits.executes(kind);
                commits.sent();
            } else {
                commits.executes(kind);
            }
        }
        if (statement != null && statement.flags() != StatementScan.PLAIN && effects.mustHear(statement)) {
            effects.announce(statement.effects());
            backend.exchange().expectEffect(effects.subjectOf(statement));
        }
        backend.exchange().executeSent();
        return start;
    }

    /// A Sync: outside of a transaction block it commits.
    int sync(BackendConnection backend, ByteBuf in, int from, int at) {
        Exchange exchange = backend.exchange();
        int start = from;
        if (session.commit().isWatched() && !exchange.copyIn() && exchange.batchOpen() && !exchange.skipping() && session.commit().isOutside(backend)) {
            CommitWatch commits = session.commit().watch();
            if (commits.mustAsk()) {
                if (!session.commit().ask(backend, in, from, at)) return RequestWalk.HELD;
                start = at;
            }
            commits.sent();
        }
        exchange.syncSent();
        return start;
    }

    // --- refusals

    private static Refusal missing(ByteBuf in, int from, int to) {
        String what = from == to ? "unnamed prepared statement does not exist"
                : "prepared statement \"" + in.toString(from, to - from, StandardCharsets.UTF_8) + "\" does not exist";
        return Refusal.of(RefusalReason.NO_SUCH_STATEMENT, what);
    }

    /// The backend is made to refuse in the client's place, so that its transaction and pipeline fail as they would.
    private int refuse(BackendConnection backend, ByteBuf in, int from, int at, int next, Refusal refusal) {
        backend.outgoing().run(in, from, at);
        backend.exchange().expectRefusal(refusal);
        backend.requests().incomplete();
        backend.outgoing().room(NOBODYS_NAME.length + 13).writeByte(FrontendType.BIND).writeInt(NOBODYS_NAME.length + 12).writeByte(0)
                .writeBytes(NOBODYS_NAME).writeByte(0).writeShort(0).writeShort(0).writeShort(0);
        backend.exchange().messageSent();
        return next;
    }

    private static int nameEnd(ByteBuf in, int from, int next, String message) {
        int end = in.indexOf(from, Math.min(Math.min(next, in.writerIndex()), from + NAME_BYTES_MAX), (byte) 0);
        if (end < 0) throw new ProtocolViolation(message + ": no name");
        return end;
    }
}
