package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CopyDone` (frontend, `c`): the client has no more COPY data.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDONE>
public enum CopyDone implements FrontendMessage {
    INSTANCE;

    public static CopyDone decode(ByteBuf body) {
        new MessageReader("CopyDone", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, FrontendType.COPY_DONE);
    }
}
