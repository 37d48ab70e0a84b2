package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `NoData` (backend, `n`): the described statement or portal returns no rows.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NODATA>
public enum NoData implements BackendMessage {
    INSTANCE;

    public static NoData decode(ByteBuf body) {
        new MessageReader("NoData", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, BackendType.NO_DATA);
    }
}
