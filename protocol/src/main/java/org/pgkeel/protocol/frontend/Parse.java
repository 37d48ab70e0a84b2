package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `Parse` (frontend, `P`): prepare a statement.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARSE>
/// @param statement         its name, empty for the unnamed one
/// @param parameterTypeOids types of the first parameters; 0, or no entry, leaves one to the server
public record Parse(String statement, String sql, List<Integer> parameterTypeOids) implements FrontendMessage {
    public Parse {
        parameterTypeOids = List.copyOf(parameterTypeOids);
    }

    public static Parse decode(ByteBuf body) {
        var in = new MessageReader("Parse", body);
        String statement = in.cString();
        String sql = in.cString();
        List<Integer> parameterTypeOids = in.oids();
        in.end();
        return new Parse(statement, sql, parameterTypeOids);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.PARSE);
        MessageWriter.cString(out, statement);
        MessageWriter.cString(out, sql);
        MessageWriter.oids(out, parameterTypeOids);
        MessageWriter.end(out, mark);
    }

    /// Without the text, which may hold a password.
    @Override public String toString() {
        return "Parse[" + statement + ", " + sql.length() + " characters]";
    }
}
