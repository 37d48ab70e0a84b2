package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Value;

/// `Bind` (frontend, `B`): make a portal of a prepared statement and its parameters.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BIND>
/// @param portal           its name, empty for the unnamed one
/// @param statement        the prepared statement's name, empty for the unnamed one
/// @param parameterFormats none: all text; one: it holds for all; else one for each parameter
/// @param resultFormats    by the same rule, for the columns of the result
public record Bind(String portal, String statement, List<Format> parameterFormats, List<Value> parameters,
                   List<Format> resultFormats) implements FrontendMessage {
    public Bind {
        parameterFormats = List.copyOf(parameterFormats);
        parameters = List.copyOf(parameters);
        resultFormats = List.copyOf(resultFormats);
    }

    public static Bind decode(ByteBuf body) {
        var in = new MessageReader("Bind", body);
        String portal = in.cString();
        String statement = in.cString();
        List<Format> parameterFormats = in.formats();
        List<Value> parameters = in.values();
        if (parameterFormats.size() > 1 && parameterFormats.size() != parameters.size()) {
            throw in.violation(parameterFormats.size() + " formats for " + parameters.size() + " parameters");
        }
        List<Format> resultFormats = in.formats();
        in.end();
        return new Bind(portal, statement, parameterFormats, parameters, resultFormats);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.BIND);
        MessageWriter.cString(out, portal);
        MessageWriter.cString(out, statement);
        MessageWriter.formats(out, parameterFormats);
        MessageWriter.values(out, parameters);
        MessageWriter.formats(out, resultFormats);
        MessageWriter.end(out, mark);
    }
}
