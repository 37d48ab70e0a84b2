package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Flush` (frontend, `H`): send what you have; nothing else answers it.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-FLUSH>
public enum Flush implements FrontendMessage {
    INSTANCE;

    public static Flush decode(ByteBuf body) {
        new MessageReader("Flush", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, FrontendType.FLUSH);
    }
}
