package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Close` (frontend, `C`): forget it; a name that does not exist is no error.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CLOSE>
/// @param name empty for the unnamed statement or portal
public record Close(Target target, String name) implements FrontendMessage {
    public static Close decode(ByteBuf body) {
        var in = new MessageReader("Close", body);
        Target target = Target.of(in.int8(), "Close");
        String name = in.cString();
        in.end();
        return new Close(target, name);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.CLOSE);
        out.writeByte(target.code());
        MessageWriter.cString(out, name);
        MessageWriter.end(out, mark);
    }
}
