package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CloseComplete` (backend, `3`): a Close is done.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CLOSECOMPLETE>
public enum CloseComplete implements BackendMessage {
    INSTANCE;

    public static CloseComplete decode(ByteBuf body) {
        new MessageReader("CloseComplete", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, BackendType.CLOSE_COMPLETE);
    }
}
