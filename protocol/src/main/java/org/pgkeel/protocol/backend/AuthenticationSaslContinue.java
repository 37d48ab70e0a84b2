package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Octets;

/// `AuthenticationSASLContinue` (backend, `R`, request 11): a SASL challenge.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONSASLCONTINUE>
public record AuthenticationSaslContinue(Octets content) implements Authentication {
    static final int REQUEST = 11;

    @Override public void encode(ByteBuf out) {
        int mark = Authentication.begin(out, REQUEST);
        content.writeTo(out);
        MessageWriter.end(out, mark);
    }
}
