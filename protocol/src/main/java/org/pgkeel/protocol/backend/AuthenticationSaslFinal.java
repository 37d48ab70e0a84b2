package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Octets;

/// `AuthenticationSASLFinal` (backend, `R`, request 12): the SASL exchange is complete; the server's last word.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONSASLFINAL>
public record AuthenticationSaslFinal(Octets content) implements Authentication {
    static final int REQUEST = 12;

    @Override public void encode(ByteBuf out) {
        int mark = Authentication.begin(out, REQUEST);
        content.writeTo(out);
        MessageWriter.end(out, mark);
    }
}
