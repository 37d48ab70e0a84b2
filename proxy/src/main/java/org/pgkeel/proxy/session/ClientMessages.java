package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.util.Optional;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.statement.PinReason;
import org.pgkeel.proxy.statement.SessionFunctions;

/// What each message of a client means for the backend that it has: counted where messages are not looked into, else given to [SimpleQuery], [Parsing]
/// and [ExtendedQuery].
///
/// Threading: confined to the session's event loop.
final class ClientMessages {
    private final ClientSession session;
    private final ClientLease lease;
    private final SimpleQuery simple;
    private final Parsing parsing;
    private final ExtendedQuery extended;
    private final int inspectedBytesMax;

    ClientMessages(ClientSession session) {
        this.session = session;
        this.lease = session.lease();
        this.simple = new SimpleQuery(session);
        this.parsing = new Parsing(session);
        this.extended = new ExtendedQuery(session);
        this.inspectedBytesMax = session.context().config().limits().inspectedStatementBytes();
    }

    Parsing parsing() {
        return parsing;
    }

    /// One message, which may not be there as a whole.
    /// @return where the run of bytes to relay begins now: `from` to relay the message as it is, `next` if it was dealt
    ///         with; [RequestWalk#INCOMPLETE] to wait for more of it, [RequestWalk#HELD] if it waits
    int message(BackendConnection backend, ByteBuf in, byte type, int length, int from, int at, int next) {
        Exchange exchange = backend.exchange();
        boolean whole = next <= in.writerIndex();
        if (type == FrontendType.TERMINATE) {
            lease.sent(backend, in, from, at);
            session.end().terminated();
            return next;
        }
        if (!session.looksInto()) return unseen(exchange, type, from);
        if (session.commit().mustSettleFirst(exchange, type) && lease.waitsForReplies(backend, in, from, at)) return RequestWalk.HELD;
        if (session.commit().copy().takes()) return session.commit().copy().message(backend, in, type, from, at, next);
        switch (type) {
            case FrontendType.QUERY -> {
                if (mustWait(backend, in, from, at)) return RequestWalk.HELD;
                if (length > inspectedBytesMax) {
                    session.pins().add(PinReason.STATEMENT_NOT_INSPECTED);
                    session.statements().queryBegins(backend);
                    session.settings().beforeBatch(backend);
                    session.commit().watch().mayEnd();
                    exchange.querySent();
                    return from;
                }
                if (!whole) return RequestWalk.INCOMPLETE;
                return simple.query(backend, in, from, at, next);
            }
            case FrontendType.PARSE -> {
                if (!whole && length <= inspectedBytesMax) return RequestWalk.INCOMPLETE;
                return parsing.parse(backend, in, from, at, next);
            }
            case FrontendType.BIND -> {
                return extended.bind(backend, in, from, at, next);
            }
            case FrontendType.DESCRIBE, FrontendType.CLOSE -> {
                if (!whole) return RequestWalk.INCOMPLETE;
                return extended.describeOrClose(backend, in, type, from, at, next);
            }
            case FrontendType.EXECUTE -> {
                if (!whole) return RequestWalk.INCOMPLETE;
                return extended.execute(backend, in, from, at, next);
            }
            case FrontendType.SYNC -> {
                return extended.sync(backend, in, from, at);
            }
            case FrontendType.FUNCTION_CALL -> {
                if (mustWait(backend, in, from, at)) return RequestWalk.HELD;
                return functionCall(backend, in, length, from, at, next);
            }
            case FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> {
                exchange.copyEndSent();
                return from;
            }
            case FrontendType.COPY_DATA -> {
                backend.requests().incomplete();
                return from;
            }
            case FrontendType.FLUSH -> {
                backend.exchange().flushSent();
                session.commit().flush();
                return from;
            }
            default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
        }
    }

    private int functionCall(BackendConnection backend, ByteBuf in, int length, int from, int at, int next) {
        if (length >= 8) {
            if (in.writerIndex() - at < 9) return RequestWalk.INCOMPLETE;
            if (SessionFunctions.isOne(in.getInt(at + 5))) session.pins().add(PinReason.STATEMENT_NOT_INSPECTED);
        }
        CommitPath commit = session.commit();
        boolean enclosed = length <= inspectedBytesMax && commit.encloses(backend) && !session.statements().unnamedIsUnseen();
        if (enclosed && next > in.writerIndex()) return RequestWalk.INCOMPLETE;
        if (enclosed && commit.waitsForEarlier(backend, in, from, at)) return RequestWalk.HELD;
        session.settings().beforeBatch(backend);
        commit.watch().unwatchable();
        if (!enclosed) {
            backend.exchange().querySent();
            return from;
        }
        backend.outgoing().run(in, from, at);
        commit.withhold(backend);
        commit.enclosure().begin(backend, Optional.empty());
        commit.enclosure().send(backend, in, at, next);
        return next;
    }

    /// A Query behind messages of the extended protocol without a Sync: the server skips it if one of them fails, and then does not answer it.
    private boolean mustWait(BackendConnection backend, ByteBuf in, int from, int at) {
        return backend.exchange().batchOpen() && lease.waitsForReplies(backend, in, from, at);
    }

    /// A message on a backend that is the client's until it leaves: counted, not looked into.
    private int unseen(Exchange exchange, byte type, int from) {
        switch (type) {
            case FrontendType.QUERY, FrontendType.FUNCTION_CALL -> exchange.querySent();
            case FrontendType.SYNC -> exchange.syncSent();
            case FrontendType.PARSE, FrontendType.BIND, FrontendType.DESCRIBE, FrontendType.CLOSE -> exchange.messageSent();
            case FrontendType.EXECUTE -> exchange.executeSent();
            case FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> exchange.copyEndSent();
            case FrontendType.FLUSH, FrontendType.COPY_DATA -> { }
            default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
        }
        return from;
    }
}
