package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.PendingParse;
import org.pgkeel.proxy.statement.Statement;
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
        int flags = StatementScan.scan(in, at + 5, next - 1);
        session.queryBegins(backend);
        session.beforeBatch(backend);
        Exchange exchange = backend.exchange();
        boolean plain = (flags & ~(StatementScan.VOLATILE_LITERAL | StatementScan.MULTI)) == 0
                || (flags & (StatementScan.LOOK_CLOSER | StatementScan.DDL)) == 0 && !session.tracksTransaction();
        if (plain) {
            if ((flags & StatementScan.TRANSACTION_CONTROL) != 0 && session.pins().refusesTransactions()) return refuse(backend, in, from, at, next, session.pins().noTransactions());
            exchange.querySent();
            return from;
        }
        return lookCloser(backend, in, from, at, next);
    }

    private int lookCloser(BackendConnection backend, ByteBuf in, int from, int at, int next) {
        String text = in.toString(at + 5, next - at - 6, StandardCharsets.ISO_8859_1);
        List<Statement> statements = Statements.parse(text, session.settings().standardConformingStrings());
        for (Statement statement : statements) {
            Refusal refusal = session.pins().refusalOf(statement.effects(), backend);
            if (refusal != null) return refuse(backend, in, from, at, next, refusal);
        }
        if (statements.stream().anyMatch(SqlStatementNames::concerns)) {
            if (session.waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
            return renamed(backend, in, text, statements, from, at, next);
        }
        expectEffects(backend.exchange(), statements);
        backend.exchange().querySent();
        return from;
    }

    private void expectEffects(Exchange exchange, List<Statement> statements) {
        int place = 0;
        for (Statement statement : statements) {
            place++;
            if (!statement.effects().isEmpty()) {
                session.announce(statement.effects());
                exchange.expectEffect(statement.effects(), place);
            }
        }
    }

    /// PREPARE, EXECUTE, DEALLOCATE: the names are the client's, in the backend stand the proxy's.
    private int renamed(BackendConnection backend, ByteBuf in, String text, List<Statement> statements, int from, int at, int next) {
        backend.outgoing().run(in, from, at);
        SqlStatementNames.Renamed renamed = session.sqlNames().rename(text, statements);
        if (renamed.refusal().isPresent()) return refuse(backend, in, at, at, next, renamed.refusal().get());
        for (SharedStatement needed : renamed.needed()) QueryPreparation.prepare(backend, needed);
        for (SharedStatement made : renamed.made()) QueryPreparation.forget(backend, made);
        Exchange exchange = backend.exchange();
        int place = 0;
        for (Statement statement : statements) {
            place++;
            PendingParse prepares = renamed.prepares().get(statement);
            if (prepares != null) exchange.expectEffect(prepares, place);
            else if (!statement.effects().isEmpty()) exchange.expectEffect(statement.effects(), place);
        }
        byte[] bytes = renamed.text().getBytes(StandardCharsets.ISO_8859_1);
        backend.outgoing().room(bytes.length + 6).writeByte(FrontendType.QUERY).writeInt(bytes.length + 5).writeBytes(bytes).writeByte(0);
        exchange.querySent();
        return next;
    }

    /// The backend is made to refuse in the client's place, so that its transaction fails as it would.
    private int refuse(BackendConnection backend, ByteBuf in, int from, int at, int next, Refusal refusal) {
        backend.outgoing().run(in, from, at);
        backend.exchange().expectRefusal(refusal);
        byte[] text = "pgkeel refuses".getBytes(StandardCharsets.US_ASCII);
        backend.outgoing().room(text.length + 6).writeByte(FrontendType.QUERY).writeInt(text.length + 5).writeBytes(text).writeByte(0);
        backend.exchange().querySent();
        return next;
    }
}
