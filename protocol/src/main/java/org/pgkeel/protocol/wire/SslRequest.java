package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;

/// `SSLRequest` (start-up): the client asks for TLS; a single byte answers it.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST>
public enum SslRequest implements StartupPacket {
    INSTANCE;

    static final int CODE = 80877103;

    static SslRequest decode(ByteBuf body) {
        new MessageReader("SSLRequest", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.beginUntyped(out);
        out.writeInt(CODE);
        MessageWriter.end(out, mark);
    }
}
