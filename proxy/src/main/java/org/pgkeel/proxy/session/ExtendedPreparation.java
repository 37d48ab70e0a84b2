package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.PendingClose;
import org.pgkeel.proxy.relay.PendingParse;

/// Sees to it, by messages of the proxy's own among those of a client's batch of the extended protocol, that the backend has the prepared statements
/// that the batch uses, and has not those that it makes. As [QueryPreparation] does ahead of a Query.
///
/// Threading: confined to the session's event loop.
final class ExtendedPreparation {
    private ExtendedPreparation() {}

    /// Has the backend know a statement before a message that uses it.
    static void ensure(BackendConnection backend, SharedStatement statement) {
        if (!statement.uses().isEmpty()) statement.uses().forEach(used -> ensure(backend, used));
        if (backend.statements().has(statement)) return;
        Exchange exchange = backend.exchange();
        exchange.expectOwnReply(PendingParse.ofTheProxy(statement));
        if (statement.kind() == SharedStatement.Kind.PARSE) {
            sendParse(backend, statement.name(), statement.body());
        } else {
            byte[] command = SqlStatementNames.bytes(SqlStatementNames.command(statement));
            byte[] body = new byte[command.length + 3];
            System.arraycopy(command, 0, body, 0, command.length);
            sendParse(backend, ClientStatements.UNNAMED, body);
            exchange.expectOwnReply(null);
            backend.outgoing().room(13).writeByte(FrontendType.BIND).writeInt(12).writeShort(0).writeShort(0).writeShort(0).writeShort(0);
            exchange.messageSent();
            exchange.expectOwnReply(null);
            backend.outgoing().room(10).writeByte(FrontendType.EXECUTE).writeInt(9).writeByte(0).writeInt(0);
            exchange.executeSent();
            backend.statements().unnamed(null);
        }
        remember(backend, statement);
    }

    /// Makes a statement the backend's unnamed one, before a message that uses it.
    static void ensureUnnamed(BackendConnection backend, SharedStatement statement) {
        backend.exchange().expectOwnReply(PendingParse.ofTheProxy(statement));
        sendParse(backend, ClientStatements.UNNAMED, statement.body());
        backend.statements().unnamed(statement);
    }

    /// The backend is being told to prepare a statement; the one that makes room for it is closed.
    static void remember(BackendConnection backend, SharedStatement statement) {
        backend.slice().stats().serverParsed();
        SharedStatement evicted = backend.statements().add(statement, backend.exchange().openBatch());
        if (evicted != null) sendClose(backend, evicted);
    }

    /// A statement that the client's is about to make: it must not be there before.
    static void forget(BackendConnection backend, SharedStatement statement) {
        if (!backend.statements().has(statement)) return;
        sendClose(backend, statement);
        backend.statements().remove(statement);
    }

    static void sendClose(BackendConnection backend, SharedStatement statement) {
        backend.exchange().expectOwnReply(new PendingClose(statement));
        byte[] name = statement.name();
        backend.outgoing().room(name.length + 7).writeByte(FrontendType.CLOSE).writeInt(name.length + 6).writeByte('S').writeBytes(name).writeByte(0);
        backend.exchange().messageSent();
    }

    /// @param body of the Parse message behind the name
    static void sendParse(BackendConnection backend, byte[] name, byte[] body) {
        ByteBuf out = backend.outgoing().room(name.length + body.length + 6);
        out.writeByte(FrontendType.PARSE).writeInt(name.length + body.length + 5).writeBytes(name).writeByte(0).writeBytes(body);
        backend.exchange().messageSent();
    }
}
