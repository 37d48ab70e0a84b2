package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CopyFail` (frontend, `f`): the client gives its COPY up; the server fails the COPY with this text.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYFAIL>
public record CopyFail(String reason) implements FrontendMessage {
    public static CopyFail decode(ByteBuf body) {
        var in = new MessageReader("CopyFail", body);
        String reason = in.cString();
        in.end();
        return new CopyFail(reason);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.COPY_FAIL);
        MessageWriter.cString(out, reason);
        MessageWriter.end(out, mark);
    }
}
