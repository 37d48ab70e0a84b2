package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Value;

/// `FunctionCall` (frontend, `F`): call a function by its OID, a protocol feature kept for old clients.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-FUNCTIONCALL>
/// @param argumentFormats none: all text; one: it holds for all; else one for each argument
public record FunctionCall(int functionOid, List<Format> argumentFormats, List<Value> arguments, Format resultFormat)
        implements FrontendMessage {
    public FunctionCall {
        argumentFormats = List.copyOf(argumentFormats);
        arguments = List.copyOf(arguments);
    }

    public static FunctionCall decode(ByteBuf body) {
        var in = new MessageReader("FunctionCall", body);
        int functionOid = in.int32();
        List<Format> argumentFormats = in.formats();
        List<Value> arguments = in.values();
        if (argumentFormats.size() > 1 && argumentFormats.size() != arguments.size()) {
            throw in.violation(argumentFormats.size() + " formats for " + arguments.size() + " arguments");
        }
        Format resultFormat = in.format();
        in.end();
        return new FunctionCall(functionOid, argumentFormats, arguments, resultFormat);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, FrontendType.FUNCTION_CALL);
        out.writeInt(functionOid);
        MessageWriter.formats(out, argumentFormats);
        MessageWriter.values(out, arguments);
        out.writeShort(resultFormat.code());
        MessageWriter.end(out, mark);
    }
}
