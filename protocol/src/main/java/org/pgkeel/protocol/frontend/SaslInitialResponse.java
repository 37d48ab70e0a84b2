package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Value;

/// `SaslInitialResponse` (frontend, `p`): the chosen SASL mechanism and its first message.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SASLINITIALRESPONSE>
/// @param mechanism one of those that AuthenticationSASL offered
/// @param response  NULL if the mechanism's client does not speak first
public record SaslInitialResponse(String mechanism, Value response) implements FrontendMessage {
    public static SaslInitialResponse decode(ByteBuf body) {
        var in = new MessageReader("SaslInitialResponse", body);
        String mechanism = in.cString();
        Value response = in.value();
        in.end();
        return new SaslInitialResponse(mechanism, response);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.PASSWORD);
        MessageWriter.cString(out, mechanism);
        MessageWriter.value(out, response);
        MessageWriter.end(out, mark);
    }
}
