package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.config.PreparedConfig;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.PendingName;
import org.pgkeel.proxy.relay.PendingParse;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.StatementScan;
import org.pgkeel.proxy.statement.Statements;

/// The Parse message: gives the client's name, or none, to a statement that all clients who say the same share, and sends it to the backend under the
/// proxy's name, if the backend does not have it yet.
///
/// Threading: confined to the session's event loop.
final class Parsing {
    /// What cannot be shared, or does more than its Execute says.
    private static final int UNCACHED_FLAGS = StatementScan.VOLATILE_LITERAL | StatementScan.LOOK_CLOSER | StatementScan.DDL | StatementScan.MULTI;

    private final ClientSession session;
    private final ClientStatements statements;
    private final SessionEffects effects;
    private final Repetition repetition;
    private final ClientLease lease;

    Parsing(ClientSession session) {
        this.session = session;
        this.statements = session.statements();
        this.effects = session.effects();
        this.repetition = session.repetition();
        this.lease = session.lease();
    }

    /// As it is now: a reload counts for clients who are in, too.
    private PreparedConfig config() {
        return session.context().config().prepared();
    }

    /// The statement that a Parse without a name is about, if it is known well enough to be kept prepared; null if not.
    /// @param text where its text begins
    @Nullable SharedStatement known(ByteBuf in, int text, int next) {
        if (config().unnamed() != PreparedConfig.Unnamed.CACHE || next - text > config().statementBytes()) return null;
        SharedStatement statement = session.context().statements().peek(session.settings().meaning(), statements.generation(), in, text, next);
        return statement == null || (statement.flags() & UNCACHED_FLAGS) != 0 ? null : statement;
    }

    /// @return as [ExtendedQuery]'s
    int parse(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        int nameEnd = ExtendedQuery.nameEnd(in, at + 5, next, "Parse");
        boolean isUnnamed = nameEnd == at + 5;
        repetition.parses(backend.exchange());
        session.settings().beginBatch(backend);
        if (next > in.writerIndex()) return parseUnseen(backend, in, from, at, next, isUnnamed);
        int text = nameEnd + 1;
        int textEnd = in.indexOf(text, next, (byte) 0);
        if (textEnd < 0 || next - textEnd < 3) throw new ProtocolViolation("Parse: not whole");
        if (session.settings().dialectMayChange() && lease.waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
        if (session.commit().prepared().waits(backend, in, text, textEnd, from, at)) return RequestWalk.HELD;
        backend.slice().stats().clientParsed();
        return isUnnamed ? parseUnnamed(backend, in, from, at, next, text) : parseNamed(backend, in, from, at, next, text);
    }

    /// Too long to be looked into: it can only be relayed, and its client keeps the backend that knows what it did.
    private int parseUnseen(BackendConnection backend, ByteBuf in, int from, int at, int next, boolean isUnnamed) {
        if (!isUnnamed) return ExtendedQuery.refuse(backend, in, from, at, next, Refusal.of(RefusalReason.STATEMENT_TOO_LONG,
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
        boolean mayCache = config().unnamed() == PreparedConfig.Unnamed.CACHE && !session.settings().meaningIsOwn() && next - text <= config().statementBytes();
        SharedStatement statement = mayCache ? cache.findAgain(session.settings().meaning(), statements.generation(), in, text, next) : null;
        if (statement != null && (statement.flags() & UNCACHED_FLAGS) == 0) {
            statements.unnamedKept(statement);
            return prepare(backend, in, from, at, next, statement, ClientStatements.UNNAMED, before);
        }
        repetition.never();
        statement = cache.ownOf(session.settings().meaning(), statements.generation(), in, text, next);
        Refusal refusal = session.pins().refusalOf(statement.effects(), backend);
        if (refusal != null) return ExtendedQuery.refuse(backend, in, from, at, next, refusal);
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
            return ExtendedQuery.refuse(backend, in, from, at, next, Refusal.of(RefusalReason.DUPLICATE_PREPARED_STATEMENT,
                    "prepared statement \"" + in.toString(at + 5, text - at - 6, StandardCharsets.UTF_8) + "\" already exists"));
        }
        Refusal tooMany = ClientStatements.refusalBeyond(statements.size(), config());
        if (tooMany != null) return ExtendedQuery.refuse(backend, in, from, at, next, tooMany);
        StatementCache cache = session.context().statements();
        boolean own = session.settings().meaningIsOwn() || next - text > config().statementBytes();
        SharedStatement statement = own ? cache.ownOf(session.settings().meaning(), statements.generation(), in, text, next) : cache.find(session.settings().meaning(), statements.generation(), in, text, next);
        if (!own && (statement.flags() & StatementScan.VOLATILE_LITERAL) != 0) statement = cache.ownOf(session.settings().meaning(), statements.generation(), in, text, next);
        Refusal refusal = session.pins().refusalOf(statement.effects(), backend);
        if (refusal != null) return ExtendedQuery.refuse(backend, in, from, at, next, refusal);
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
        List<Statement> parsed = Statements.parse(text, session.settings().dialect());
        SqlStatementNames.Renamed renamed = session.sqlNames().rename(backend, text, parsed);
        if (renamed.refusal().isPresent()) return ExtendedQuery.refuse(backend, in, from, at, next, renamed.refusal().get());
        backend.outgoing().run(in, from, at);
        for (SharedStatement needed : renamed.needed()) ExtendedPreparation.ensure(backend, needed);
        for (SharedStatement made : renamed.made()) ExtendedPreparation.forget(backend, made);
        byte[] changed = renamed.text().getBytes(StandardCharsets.ISO_8859_1);
        byte[] body = new byte[changed.length + original.body().length - textEnd];
        System.arraycopy(changed, 0, body, 0, changed.length);
        System.arraycopy(original.body(), textEnd, body, changed.length, original.body().length - textEnd);
        SharedStatement statement = original.withNames(body, renamed.needed(), renamed.effects(parsed.getFirst()));
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
}
