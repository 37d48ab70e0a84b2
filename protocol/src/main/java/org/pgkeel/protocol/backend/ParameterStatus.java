package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `ParameterStatus` (backend, `S`): a setting that is reported has this value; comes at any time.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARAMETERSTATUS>
public record ParameterStatus(String name, String value) implements BackendMessage {
    public static ParameterStatus decode(ByteBuf body) {
        var in = new MessageReader("ParameterStatus", body);
        String name = in.cString();
        String value = in.cString();
        in.end();
        return new ParameterStatus(name, value);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.PARAMETER_STATUS);
        MessageWriter.cString(out, name);
        MessageWriter.cString(out, value);
        MessageWriter.end(out, mark);
    }
}
