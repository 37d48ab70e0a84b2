package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `NegotiateProtocolVersion` (backend, `v`): the server speaks an older minor version, or knows not all options.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NEGOTIATEPROTOCOLVERSION>
/// @param major               the newest version that the server speaks, as it stands in a StartupMessage
/// @param minor               see `major`
/// @param unrecognizedOptions names of the `_pq_.` options that the server does not know
public record NegotiateProtocolVersion(int major, int minor, List<String> unrecognizedOptions) implements BackendMessage {
    public NegotiateProtocolVersion {
        unrecognizedOptions = List.copyOf(unrecognizedOptions);
    }

    public static NegotiateProtocolVersion decode(ByteBuf body) {
        var in = new MessageReader("NegotiateProtocolVersion", body);
        int version = in.int32();
        int count = in.int32();
        if (count < 0) throw in.violation("negative count " + count);
        var unrecognizedOptions = new ArrayList<String>();
        for (int i = 0; i < count; i++) unrecognizedOptions.add(in.cString());
        in.end();
        return new NegotiateProtocolVersion(version >>> 16, version & 0xFFFF, unrecognizedOptions);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.NEGOTIATE_PROTOCOL_VERSION);
        out.writeShort(major).writeShort(minor).writeInt(unrecognizedOptions.size());
        for (String option : unrecognizedOptions) MessageWriter.cString(out, option);
        MessageWriter.end(out, mark);
    }
}
