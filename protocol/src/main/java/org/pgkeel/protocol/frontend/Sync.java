package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Sync` (frontend, `S`): the end of a pipeline; ReadyForQuery answers it.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SYNC>
public enum Sync implements FrontendMessage {
    INSTANCE;

    public static Sync decode(ByteBuf body) {
        new MessageReader("Sync", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, FrontendType.SYNC);
    }
}
