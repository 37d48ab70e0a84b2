package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Octets;

/// `CopyData` (backend, `d`): COPY data, one row in each message.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDATA>
public record CopyData(Octets content) implements BackendMessage {
    public static CopyData decode(ByteBuf body) {
        var in = new MessageReader("CopyData", body);
        return new CopyData(in.rest());
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.COPY_DATA);
        content.writeTo(out);
        MessageWriter.end(out, mark);
    }
}
