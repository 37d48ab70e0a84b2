package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.MessageWriter;

/// `AuthenticationCleartextPassword` (backend, `R`, request 3): send the password as it is.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONCLEARTEXTPASSWORD>
public enum AuthenticationCleartextPassword implements Authentication {
    INSTANCE;

    static final int REQUEST = 3;

    @Override public void encode(ByteBuf out) {
        MessageWriter.end(out, Authentication.begin(out, REQUEST));
    }
}
