package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CopyInResponse` (backend, `G`): the server waits for COPY data.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYINRESPONSE>
/// @param overall text: rows are lines; binary: the whole stream is binary
public record CopyInResponse(Format overall, List<Format> columns) implements BackendMessage {
    public CopyInResponse {
        columns = List.copyOf(columns);
    }

    public static CopyInResponse decode(ByteBuf body) {
        var in = new MessageReader("CopyInResponse", body);
        Format overall = in.overallFormat();
        List<Format> columns = in.formats();
        in.end();
        return new CopyInResponse(overall, columns);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.COPY_IN_RESPONSE);
        out.writeByte(overall.code());
        MessageWriter.formats(out, columns);
        MessageWriter.end(out, mark);
    }
}
