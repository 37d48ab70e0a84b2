package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `RowDescription` (backend, `T`): the columns of the rows that follow.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ROWDESCRIPTION>
public record RowDescription(List<Column> columns) implements BackendMessage {
    public RowDescription {
        columns = List.copyOf(columns);
    }

    /// Columns of type text with these names.
    public static RowDescription ofText(List<String> names) {
        return new RowDescription(names.stream().map(Column::text).toList());
    }

    public static RowDescription decode(ByteBuf body) {
        var in = new MessageReader("RowDescription", body);
        int count = in.count();
        var columns = new ArrayList<Column>();
        for (int i = 0; i < count; i++) columns.add(Column.decode(in));
        in.end();
        return new RowDescription(columns);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.ROW_DESCRIPTION);
        MessageWriter.count(out, columns.size());
        for (Column column : columns) column.encode(out);
        MessageWriter.end(out, mark);
    }
}
