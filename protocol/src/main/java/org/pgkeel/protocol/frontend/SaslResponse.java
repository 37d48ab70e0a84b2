package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Octets;

/// `SaslResponse` (frontend, `p`): a further SASL message.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SASLRESPONSE>
public record SaslResponse(Octets response) implements FrontendMessage {
    public static SaslResponse decode(ByteBuf body) {
        var in = new MessageReader("SaslResponse", body);
        return new SaslResponse(in.rest());
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.PASSWORD);
        response.writeTo(out);
        MessageWriter.end(out, mark);
    }
}
