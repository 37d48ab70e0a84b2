package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `ParseComplete` (backend, `1`): a Parse succeeded.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARSECOMPLETE>
public enum ParseComplete implements BackendMessage {
    INSTANCE;

    public static ParseComplete decode(ByteBuf body) {
        new MessageReader("ParseComplete", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, BackendType.PARSE_COMPLETE);
    }
}
