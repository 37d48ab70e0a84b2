package org.pgkeel.proxy.insert;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.sql.Connection;
import java.sql.SQLException;

/// A table as the proxy knows it: by the server's answer to its question.
final class KnownTable {
    private KnownTable() {}

    static TargetTable ask(Connection connection, String name) throws SQLException {
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(TargetTable.question(name))) {
            rows.next();
            int columns = rows.getMetaData().getColumnCount();
            ByteBuf row = Unpooled.buffer().writeShort(columns);
            for (int i = 1; i <= columns; i++) {
                byte[] text = rows.getString(i).getBytes(UTF_8);
                row.writeInt(text.length).writeBytes(text);
            }
            return TargetTable.parse(row, 0, row.writerIndex()).orElseThrow();
        }
    }
}
