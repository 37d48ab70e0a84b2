package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CommandComplete` (backend, `C`): a statement is done.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COMMANDCOMPLETE>
/// @param tag what it did, as in `INSERT 0 1`
public record CommandComplete(String tag) implements BackendMessage {
    public static CommandComplete decode(ByteBuf body) {
        var in = new MessageReader("CommandComplete", body);
        String tag = in.cString();
        in.end();
        return new CommandComplete(tag);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.COMMAND_COMPLETE);
        MessageWriter.cString(out, tag);
        MessageWriter.end(out, mark);
    }
}
