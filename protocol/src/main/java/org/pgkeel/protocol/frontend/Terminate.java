package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Terminate` (frontend, `X`): the client is leaving.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-TERMINATE>
public enum Terminate implements FrontendMessage {
    INSTANCE;

    public static Terminate decode(ByteBuf body) {
        new MessageReader("Terminate", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, FrontendType.TERMINATE);
    }
}
