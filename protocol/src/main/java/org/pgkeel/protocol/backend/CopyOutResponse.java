package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `CopyOutResponse` (backend, `H`): COPY data follows.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYOUTRESPONSE>
/// @param overall text: rows are lines; binary: the whole stream is binary
public record CopyOutResponse(Format overall, List<Format> columns) implements BackendMessage {
    public CopyOutResponse {
        columns = List.copyOf(columns);
    }

    public static CopyOutResponse decode(ByteBuf body) {
        var in = new MessageReader("CopyOutResponse", body);
        Format overall = in.overallFormat();
        List<Format> columns = in.formats();
        in.end();
        return new CopyOutResponse(overall, columns);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.COPY_OUT_RESPONSE);
        out.writeByte(overall.code());
        MessageWriter.formats(out, columns);
        MessageWriter.end(out, mark);
    }
}
