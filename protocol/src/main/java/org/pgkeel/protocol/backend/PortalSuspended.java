package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `PortalSuspended` (backend, `s`): an Execute reached its row limit; the portal has perhaps more.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PORTALSUSPENDED>
public enum PortalSuspended implements BackendMessage {
    INSTANCE;

    public static PortalSuspended decode(ByteBuf body) {
        new MessageReader("PortalSuspended", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, BackendType.PORTAL_SUSPENDED);
    }
}
