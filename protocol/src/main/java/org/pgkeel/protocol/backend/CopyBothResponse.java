package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CopyBothResponse` (backend, `W`): COPY data flows both ways; used by replication only.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYBOTHRESPONSE>
/// @param overall text: rows are lines; binary: the whole stream is binary
public record CopyBothResponse(Format overall, List<Format> columns) implements BackendMessage {
    public CopyBothResponse {
        columns = List.copyOf(columns);
    }

    public static CopyBothResponse decode(ByteBuf body) {
        var in = new MessageReader("CopyBothResponse", body);
        Format overall = in.overallFormat();
        List<Format> columns = in.formats();
        in.end();
        return new CopyBothResponse(overall, columns);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.COPY_BOTH_RESPONSE);
        out.writeByte(overall.code());
        MessageWriter.formats(out, columns);
        MessageWriter.end(out, mark);
    }
}
