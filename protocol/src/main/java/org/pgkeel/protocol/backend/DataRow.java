package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.Value;

/// `DataRow` (backend, `D`): one row.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-DATAROW>
public record DataRow(List<Value> values) implements BackendMessage {
    public DataRow {
        values = List.copyOf(values);
    }

    /// A row of texts.
    public static DataRow ofText(List<String> texts) {
        return new DataRow(texts.stream().map(Value::ofText).toList());
    }

    /// The columns as text, NULL as the empty text.
    public List<String> texts() {
        return values.stream().map(value -> value instanceof Octets octets ? octets.text() : "").toList();
    }

    public static DataRow decode(ByteBuf body) {
        var in = new MessageReader("DataRow", body);
        List<Value> values = in.values();
        in.end();
        return new DataRow(values);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.DATA_ROW);
        MessageWriter.values(out, values);
        MessageWriter.end(out, mark);
    }
}
