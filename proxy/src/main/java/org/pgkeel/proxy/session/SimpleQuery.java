package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.relay.PendingParse;
import org.pgkeel.proxy.statement.Access;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.LastCommit;
import org.pgkeel.proxy.statement.Statement;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.pgkeel.proxy.statement.StatementScan;
import org.pgkeel.proxy.statement.Statements;

/// The simple protocol: a Query's text is scanned; the few that change the session are taken apart.
///
/// Threading: confined to the session's event loop.
final class SimpleQuery {
    private final ClientSession session;

    SimpleQuery(ClientSession session) {
        this.session = session;
    }

    /// @return as [RequestWalk]'s `leased`
    int query(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        if (in.getByte(next - 1) != 0) throw new ProtocolViolation("Query: no terminator");
        boolean watched = session.commit().isWatched();
        StatementClass kind = watched ? session.statements().classOf(in, at + 5, next - 1) : session.path().classOfQuery();
        boolean scanned = kind.isPlain() && !session.settings().dialectMayChange();
        int flags = scanned ? StatementScan.PLAIN : StatementScan.scan(in, at + 5, next - 1);
        if (watched && !mayGo(backend, kind, in, from, at, next)) return RequestWalk.HELD;
        if (!watched && (flags & StatementScan.MAY_COMMIT) != 0) backend.requests().commits();
        session.inserts().query(backend.exchange(), in, at + 5, next - 1, flags);
        session.statements().queryBegins(backend);
        session.settings().beforeBatch(backend);
        boolean plain = (flags & ~(StatementScan.VOLATILE_LITERAL | StatementScan.MULTI)) == 0
                || (flags & (StatementScan.LOOK_CLOSER | StatementScan.DDL)) == 0 && !session.effects().tracksTransaction();
        if (plain) {
            if ((flags & StatementScan.TRANSACTION_CONTROL) != 0 && session.pins().refusesTransactions()) return refuse(backend, in, from, at, next, session.pins().noTransactions());
            return send(backend, kind, List.of(), in, from, at, next);
        }
        return lookCloser(backend, kind, in, from, at, next);
    }

    private int lookCloser(BackendConnection backend, StatementClass kind, ByteBuf in, int from, int at, int next) {
        if (session.settings().dialectMayChange() && session.lease().waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
        String text = in.toString(at + 5, next - at - 6, StandardCharsets.ISO_8859_1);
        List<Statement> statements = Statements.parse(text, session.settings().dialect());
        for (Statement statement : statements) {
            Refusal refusal = session.pins().refusalOf(statement.effects(), backend);
            if (refusal != null) return refuse(backend, in, from, at, next, refusal);
        }
        if (statements.stream().anyMatch(SqlStatementNames::concerns)) {
            if (session.lease().waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
            return renamed(backend, kind, in, text, statements, from, at, next);
        }
        return send(backend, kind, statements, in, from, at, next);
    }

    // --- towards the commit

    /// What has to be asked before the Query goes has been asked.
    private boolean mayGo(BackendConnection backend, StatementClass kind, ByteBuf in, int from, int at, int next) {
        CommitPath commit = session.commit();
        if (kind.has(StatementKind.FINISH_PREPARED) && commit.prepared().waits(backend, in, at + 5, next - 1, from, at)) return false;
        if (commit.isOutside(backend)) return BatchContents.isHarmless(kind) || !commit.waitsForEarlier(backend, in, from, at);
        boolean commits = kind.has(StatementKind.COMMIT) || kind.has(StatementKind.PREPARE_TRANSACTION);
        boolean ends = commits || kind.has(StatementKind.ROLLBACK) && kind.access() == Access.WRITE;
        boolean wrote = kind.access() == Access.WRITE || commit.watch().mayHaveWritten();
        // What is not answered yet is not to be taken for something that did not happen because this is lost, nor the other way round.
        if (ends && wrote && commit.waitsForEarlier(backend, in, from, at)) return false;
        boolean asks = commits && kind.kinds().size() == 1 && commit.watch().mustAsk() && !backend.exchange().inFailedTransaction();
        return !asks || commit.probe().askAside(backend, in, from, at);
    }

    private int send(BackendConnection backend, StatementClass kind, List<Statement> statements, ByteBuf in, int from, int at, int next) {
        if (!session.commit().isWatched()) {
            expectEffects(backend.exchange(), statements);
            backend.exchange().querySent();
            return from;
        }
        CommitWatch commits = session.commit().watch();
        commits.executes(kind);
        if (session.commit().isOutside(backend) && isExtendable(backend, kind, in, at + 5, next - 1)) {
            backend.outgoing().run(in, from, at);
            parse(backend, next - at - 5);
            backend.outgoing().run(in, at + 5, next);
            expectEffects(backend.exchange(), statements);
            return execute(backend, kind, in, at, next);
        }
        if (session.commit().encloses(backend) && !BatchContents.isHarmless(kind) && (Enclosure.isFor(kind) || session.commit().enclosure().isContained(kind))) {
            return enclosed(backend, kind, statements, in, from, at, next);
        }
        OptionalInt commit = heldBackCommit(backend, kind, in, at, next);
        if (commit.isPresent()) return upToCommit(backend, statements, in, from, at, commit.getAsInt(), next);
        if (session.commit().isOutside(backend) && !BatchContents.isHarmless(kind)) commits.unwatchable();
        if (!commits.hasBegun()) commits.sentIf(session.commit().isOutside(backend) || kind.has(StatementKind.COMMIT) || kind.has(StatementKind.PREPARE_TRANSACTION));
        expectEffects(backend.exchange(), statements);
        backend.exchange().querySent();
        return from;
    }

    /// One statement that may write, and means the same in a Parse message: in one a `$1` would be a parameter.
    private boolean isExtendable(BackendConnection backend, StatementClass kind, ByteBuf in, int from, int to) {
        if (BatchContents.isHarmless(kind) || kind.kinds().size() != 1) return false;
        boolean needsQuestion = kind.has(StatementKind.COPY_IN) || kind.kinds().getFirst() == StatementKind.NOTIFY;
        if (needsQuestion && !session.commit().encloses(backend)) return false;
        return switch (kind.kinds().getFirst()) {
            case QUERY, EXPLAIN, DATA, DDL, COPY_IN, NOTIFY -> in.indexOf(from, to, (byte) '$') < 0
                    || !Statements.hasParameter(in.toString(from, to - from, StandardCharsets.ISO_8859_1), session.settings().dialect());
            case SHOW, COPY_OUT, CURSOR, COMMITS_INSIDE, MAINTENANCE, BEGIN, COMMIT, COMMIT_AND_CHAIN, ROLLBACK, SAVEPOINT, SET_TRANSACTION, PREPARE_TRANSACTION, FINISH_PREPARED,
                 LISTEN, SESSION, EXECUTE, OTHER -> false;
        };
    }

    // The Query goes as messages of the extended protocol, so that the question for the mark can go behind it in its transaction.

    /// @param bytes of its text and the zero behind it, which go next
    private static void parse(BackendConnection backend, int bytes) {
        Exchange exchange = backend.exchange();
        backend.outgoing().room(6).writeByte(FrontendType.PARSE).writeInt(bytes + 7).writeByte(0);
        exchange.expectOwnReply(null);
        exchange.messageSent();
        exchange.expectOwnReply(null);
        exchange.messageSent();
        exchange.expectRowsOrNothing();
        exchange.messageSent();
        exchange.expectKept(1);
    }

    /// No parameter types; Bind, Describe and Execute of the unnamed portal.
    private int execute(BackendConnection backend, StatementClass kind, ByteBuf in, int at, int next) {
        backend.outgoing().room(2 + 13 + 7 + 10).writeShort(0)
                .writeByte(FrontendType.BIND).writeInt(12).writeShort(0).writeShort(0).writeShort(0).writeShort(0)
                .writeByte(FrontendType.DESCRIBE).writeInt(6).writeByte('P').writeByte(0)
                .writeByte(FrontendType.EXECUTE).writeInt(9).writeByte(0).writeInt(0);
        backend.exchange().executeSent();
        backend.statements().unnamed(null);
        CommitPath commit = session.commit();
        if (kind.has(StatementKind.COPY_IN)) commit.copy().begin(backend);
        else commit.probe().endInPlaceOfQuery(backend, in, at, at);
        return next;
    }

    /// The Query goes as it is, in a transaction block of PgKeel's own.
    private int enclosed(BackendConnection backend, StatementClass kind, List<Statement> statements, ByteBuf in, int from, int at, int next) {
        backend.outgoing().run(in, from, at);
        session.commit().withhold(backend);
        session.commit().enclosure().begin(backend, kind.contained());
        expectEffects(backend.exchange(), statements, kind.kinds().size());
        session.commit().enclosure().send(backend, in, at, next);
        return next;
    }

    /// @return where the COMMIT begins that the text ends with, if it is to be held back
    private OptionalInt heldBackCommit(BackendConnection backend, StatementClass kind, ByteBuf in, int at, int next) {
        if (!session.commit().holdsCommitBack(backend) || !Enclosure.endsWithCommit(kind, backend.exchange().status() == 'T')) return OptionalInt.empty();
        OptionalInt place = LastCommit.place(in.toString(at + 5, next - at - 6, StandardCharsets.ISO_8859_1), session.settings().dialect());
        return place.isEmpty() ? place : OptionalInt.of(at + 5 + place.getAsInt());
    }

    private int upToCommit(BackendConnection backend, List<Statement> statements, ByteBuf in, int from, int at, int commit, int next) {
        backend.outgoing().run(in, from, at);
        session.commit().withhold(backend);
        Object effect = null;
        if (!statements.isEmpty()) {
            expectEffects(backend.exchange(), statements.subList(0, statements.size() - 1));
            List<Effect> effects = statements.getLast().effects();
            session.effects().announce(effects);
            effect = effects;
        }
        session.commit().enclosure().sendUpToCommit(backend, in, at + 5, commit, next - 1, effect);
        return next;
    }

    private void expectEffects(Exchange exchange, List<Statement> statements) {
        expectEffects(exchange, statements, 0);
    }

    /// @param kept place of the statement whose end is kept; 0 if none is
    private void expectEffects(Exchange exchange, List<Statement> statements, int kept) {
        int place = 0;
        for (Statement statement : statements) {
            place++;
            if (place == kept) exchange.block().expectKept(place);
            expectEffect(exchange, statement.effects(), place);
        }
        if (place < kept) exchange.block().expectKept(kept);
    }

    private void expectEffect(Exchange exchange, List<Effect> effects, int place) {
        if (effects.isEmpty()) return;
        session.effects().announce(effects);
        exchange.expectEffect(effects, place);
    }

    /// PREPARE, EXECUTE, DEALLOCATE: the names are the client's, in the backend stand the proxy's.
    private int renamed(BackendConnection backend, StatementClass kind, ByteBuf in, String text, List<Statement> statements, int from, int at, int next) {
        backend.outgoing().run(in, from, at);
        SqlStatementNames.Renamed renamed = session.sqlNames().rename(backend, text, statements);
        if (renamed.refusal().isPresent()) return refuse(backend, in, at, at, next, renamed.refusal().get());
        for (SharedStatement needed : renamed.needed()) QueryPreparation.prepare(backend, needed);
        for (SharedStatement made : renamed.made()) QueryPreparation.forget(backend, made);
        byte[] bytes = (renamed.text() + "\0").getBytes(StandardCharsets.ISO_8859_1);
        Outgoing out = backend.outgoing();
        boolean elsewhere = renamed.executes().values().stream().anyMatch(each -> session.statements().classOf(each).actsElsewhere());
        if (!elsewhere && isExtendable(backend, statements, renamed)) {
            session.commit().watch().executes(kind);
            parse(backend, bytes.length);
            out.room(bytes.length).writeBytes(bytes);
            expectEffects(backend.exchange(), statements, renamed);
            return execute(backend, kind, in, at, next);
        }
        if (session.commit().isWatched() && !BatchContents.isHarmless(kind)) session.commit().watch().unwatchable();
        if (elsewhere) session.commit().watch().actsElsewhere();
        expectEffects(backend.exchange(), statements, renamed);
        if (renamed.executes().values().stream().anyMatch(this::endsTransaction)) session.commit().watch().mayEnd();
        out.room(bytes.length + 5).writeByte(FrontendType.QUERY).writeInt(bytes.length + 4).writeBytes(bytes);
        backend.exchange().querySent();
        return next;
    }

    private void expectEffects(Exchange exchange, List<Statement> statements, SqlStatementNames.Renamed renamed) {
        int place = 0;
        for (Statement statement : statements) {
            place++;
            PendingParse prepares = renamed.prepares().get(statement);
            if (prepares != null) exchange.expectEffect(renamed.anew().contains(statement) ? new SqlStatementNames.Anew(prepares) : prepares, place);
            else expectEffect(exchange, renamed.effects(statement), place);
        }
    }

    /// One EXECUTE, outside of a transaction, of a statement that commits with it: what PREPARE makes always does.
    private boolean isExtendable(BackendConnection backend, List<Statement> statements, SqlStatementNames.Renamed renamed) {
        if (!session.commit().isWatched() || !session.commit().isOutside(backend) || statements.size() != 1 || renamed.executes().size() != 1) return false;
        SharedStatement executed = renamed.executes().values().iterator().next();
        List<StatementKind> kinds = session.statements().classOf(executed).kinds();
        boolean commitsWithIt = executed.kind() == SharedStatement.Kind.SQL_PREPARE || kinds.equals(List.of(StatementKind.QUERY)) || kinds.equals(List.of(StatementKind.DATA));
        return commitsWithIt && !Statements.hasParameter(renamed.text(), session.settings().dialect());
    }

    private boolean endsTransaction(SharedStatement executed) {
        StatementClass kind = session.statements().classOf(executed);
        return kind.has(StatementKind.COMMIT) || kind.has(StatementKind.COMMIT_AND_CHAIN) || kind.has(StatementKind.PREPARE_TRANSACTION) || kind.has(StatementKind.ROLLBACK);
    }

    /// The backend is made to refuse in the client's place, so that its transaction fails as it would.
    private int refuse(BackendConnection backend, ByteBuf in, int from, int at, int next, Refusal refusal) {
        backend.outgoing().run(in, from, at);
        backend.exchange().expectRefusal(refusal);
        backend.requests().incomplete();
        byte[] text = "pgkeel refuses".getBytes(StandardCharsets.US_ASCII);
        backend.outgoing().room(text.length + 6).writeByte(FrontendType.QUERY).writeInt(text.length + 5).writeBytes(text).writeByte(0);
        backend.exchange().querySent();
        return next;
    }
}
