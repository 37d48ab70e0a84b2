package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Query` (frontend, `Q`): one or more statements as text, the simple query protocol.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-QUERY>
public record Query(String sql) implements FrontendMessage {
    public static Query decode(ByteBuf body) {
        var in = new MessageReader("Query", body);
        String sql = in.cString();
        in.end();
        return new Query(sql);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.QUERY);
        MessageWriter.cString(out, sql);
        MessageWriter.end(out, mark);
    }

    /// Without the text, which may hold a password.
    @Override public String toString() {
        return "Query[" + sql.length() + " characters]";
    }
}
