package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Describe` (frontend, `D`): what parameters and columns does it have?
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-DESCRIBE>
/// @param name empty for the unnamed statement or portal
public record Describe(Target target, String name) implements FrontendMessage {
    public static Describe decode(ByteBuf body) {
        var in = new MessageReader("Describe", body);
        Target target = Target.of(in.int8(), "Describe");
        String name = in.cString();
        in.end();
        return new Describe(target, name);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.DESCRIBE);
        out.writeByte(target.code());
        MessageWriter.cString(out, name);
        MessageWriter.end(out, mark);
    }
}
