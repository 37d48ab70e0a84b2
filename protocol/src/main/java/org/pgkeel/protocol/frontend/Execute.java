package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Execute` (frontend, `E`): run a portal.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-EXECUTE>
/// @param portal  its name, empty for the unnamed one
/// @param rowsMax rows to send before PortalSuspended, 0 or less for all
public record Execute(String portal, int rowsMax) implements FrontendMessage {
    public static Execute decode(ByteBuf body) {
        var in = new MessageReader("Execute", body);
        String portal = in.cString();
        int rowsMax = in.int32();
        in.end();
        return new Execute(portal, rowsMax);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.EXECUTE);
        MessageWriter.cString(out, portal);
        out.writeInt(rowsMax);
        MessageWriter.end(out, mark);
    }
}
