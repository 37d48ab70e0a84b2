package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.SequencedMap;
import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// The messages that a session itself sends to its client.
public final class SessionMessages {
    private SessionMessages() {}

    /// ErrorResponse of a refusal whose client stays.
    static ByteBuf error(Refusal refusal) {
        return encode("ERROR", refusal);
    }

    /// ErrorResponse before the connection is closed.
    public static ByteBuf fatal(Refusal refusal) {
        return encode("FATAL", refusal);
    }

    /// A server's error as the last word to a client.
    /// @param errorBody the server's ErrorResponse behind its length
    static ByteBuf fatal(byte[] errorBody) {
        ByteBuf out = Unpooled.buffer(errorBody.length + 16).writeByte(BackendType.ERROR_RESPONSE).writeInt(0);
        for (int at = 0; at < errorBody.length && errorBody[at] != 0; ) {
            int end = at + 1;
            while (end < errorBody.length && errorBody[end] != 0) end++;
            if (errorBody[at] == 'S' || errorBody[at] == 'V') field(out, (char) errorBody[at], "FATAL");
            else out.writeBytes(errorBody, at, end - at).writeByte(0);
            at = end + 1;
        }
        out.writeByte(0);
        return out.setInt(1, out.readableBytes() - 1);
    }

    /// To a client whose LISTEN was registered on another server.
    static ByteBuf listensAgain() {
        ByteBuf out = Unpooled.buffer(192);
        NoticeResponse.of(Severity.WARNING, SqlState.WARNING, "failover: LISTEN was registered again, what was notified meanwhile is lost").encode(out);
        return out;
    }

    static ByteBuf readyForQuery() {
        return readyForQuery((byte) 'I');
    }

    static ByteBuf readyForQuery(byte status) {
        return Unpooled.buffer(6).writeByte(BackendType.READY_FOR_QUERY).writeInt(5).writeByte(status);
    }

    static void commandComplete(ByteBuf out, String tag) {
        out.writeByte(BackendType.COMMAND_COMPLETE).writeInt(tag.length() + 5).writeBytes(tag.getBytes(StandardCharsets.US_ASCII)).writeByte(0);
    }

    /// AuthenticationOk, ParameterStatus for each, BackendKeyData, ReadyForQuery.
    public static void greeting(ByteBuf out, SequencedMap<String, String> parameterStatus, int pid, byte[] secret) {
        out.writeByte(BackendType.AUTHENTICATION).writeInt(8).writeInt(0);
        parameterStatus.forEach((name, value) -> {
            byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
            byte[] valueBytes = value.getBytes(StandardCharsets.UTF_8);
            out.writeByte(BackendType.PARAMETER_STATUS).writeInt(nameBytes.length + valueBytes.length + 6);
            out.writeBytes(nameBytes).writeByte(0).writeBytes(valueBytes).writeByte(0);
        });
        out.writeByte(BackendType.BACKEND_KEY_DATA).writeInt(secret.length + 8).writeInt(pid).writeBytes(secret);
        out.writeByte(BackendType.READY_FOR_QUERY).writeInt(5).writeByte('I');
    }

    private static ByteBuf encode(String severity, Refusal refusal) {
        ByteBuf out = Unpooled.buffer(256).writeByte(BackendType.ERROR_RESPONSE).writeInt(0);
        field(out, 'S', severity);
        field(out, 'V', severity);
        field(out, 'C', refusal.reason().sqlState().code());
        field(out, 'M', refusal.message());
        refusal.detail().ifPresent(text -> field(out, 'D', text));
        refusal.hint().ifPresent(text -> field(out, 'H', text));
        // pgjdbc, asyncpg and ActiveRecord prepare the statement again by themselves, and know the error by the server's function that raises it.
        if (refusal.reason() == RefusalReason.OUTDATED_STATEMENT) field(out, 'R', "RevalidateCachedQuery");
        out.writeByte(0);
        return out.setInt(1, out.readableBytes() - 1);
    }

    private static void field(ByteBuf out, char code, String text) {
        out.writeByte(code).writeBytes(text.getBytes(StandardCharsets.UTF_8)).writeByte(0);
    }
}
