package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `ReadyForQuery` (backend, `Z`): the backend is ready for a new query cycle.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-READYFORQUERY>
public record ReadyForQuery(TransactionStatus status) implements BackendMessage {
    public static ReadyForQuery decode(ByteBuf body) {
        var in = new MessageReader("ReadyForQuery", body);
        TransactionStatus status = TransactionStatus.of(in.int8());
        in.end();
        return new ReadyForQuery(status);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.READY_FOR_QUERY);
        out.writeByte(status.code());
        MessageWriter.end(out, mark);
    }
}
