package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CopyDone` (backend, `c`): the server has no more COPY data.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDONE>
public enum CopyDone implements BackendMessage {
    INSTANCE;

    public static CopyDone decode(ByteBuf body) {
        new MessageReader("CopyDone", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, BackendType.COPY_DONE);
    }
}
