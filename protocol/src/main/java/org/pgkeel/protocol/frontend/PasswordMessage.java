package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `PasswordMessage` (frontend, `p`): the answer to a cleartext or MD5 password request.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PASSWORDMESSAGE>
/// @param password the password, or the MD5 response
public record PasswordMessage(String password) implements FrontendMessage {
    public static PasswordMessage decode(ByteBuf body) {
        var in = new MessageReader("PasswordMessage", body);
        String password = in.cString();
        in.end();
        return new PasswordMessage(password);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.PASSWORD);
        MessageWriter.cString(out, password);
        MessageWriter.end(out, mark);
    }

    /// Without the password.
    @Override public String toString() {
        return "PasswordMessage";
    }
}
