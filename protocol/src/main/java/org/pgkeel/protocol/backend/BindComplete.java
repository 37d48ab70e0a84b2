package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `BindComplete` (backend, `2`): a Bind succeeded.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BINDCOMPLETE>
public enum BindComplete implements BackendMessage {
    INSTANCE;

    public static BindComplete decode(ByteBuf body) {
        new MessageReader("BindComplete", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, BackendType.BIND_COMPLETE);
    }
}
