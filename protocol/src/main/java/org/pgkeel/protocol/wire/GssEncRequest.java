package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;

/// `GSSENCRequest` (start-up): the client asks for GSSAPI encryption; a single byte answers it.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-GSSENCREQUEST>
public enum GssEncRequest implements StartupPacket {
    INSTANCE;

    static final int CODE = 80877104;

    static GssEncRequest decode(ByteBuf body) {
        new MessageReader("GSSENCRequest", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.beginUntyped(out);
        out.writeInt(CODE);
        MessageWriter.end(out, mark);
    }
}
