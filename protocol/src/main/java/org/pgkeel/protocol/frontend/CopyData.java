package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Octets;

/// `CopyData` (frontend, `d`): some COPY data, cut where the sender likes.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDATA>
public record CopyData(Octets content) implements FrontendMessage {
    public static CopyData decode(ByteBuf body) {
        var in = new MessageReader("CopyData", body);
        return new CopyData(in.rest());
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.COPY_DATA);
        content.writeTo(out);
        MessageWriter.end(out, mark);
    }
}
