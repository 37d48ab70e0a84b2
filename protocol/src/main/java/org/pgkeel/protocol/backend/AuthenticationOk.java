package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.MessageWriter;

/// `AuthenticationOk` (backend, `R`, request 0): the client is who it says.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONOK>
public enum AuthenticationOk implements Authentication {
    INSTANCE;

    static final int REQUEST = 0;

    @Override public void encode(ByteBuf out) {
        MessageWriter.end(out, Authentication.begin(out, REQUEST));
    }
}
