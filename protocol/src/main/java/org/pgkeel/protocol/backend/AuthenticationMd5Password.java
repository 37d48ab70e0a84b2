package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Octets;

/// `AuthenticationMD5Password` (backend, `R`, request 5): send the password hashed with this salt.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONMD5PASSWORD>
/// @param salt 4 bytes
public record AuthenticationMd5Password(Octets salt) implements Authentication {
    static final int REQUEST = 5;
    static final int SALT_BYTES = 4;

    public AuthenticationMd5Password {
        if (salt.size() != SALT_BYTES) throw new IllegalArgumentException("an MD5 salt of " + salt.size() + " bytes");
    }

    @Override public void encode(ByteBuf out) {
        int mark = Authentication.begin(out, REQUEST);
        salt.writeTo(out);
        MessageWriter.end(out, mark);
    }
}
