package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.Value;

/// `FunctionCallResponse` (backend, `V`): the result of a FunctionCall.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-FUNCTIONCALLRESPONSE>
public record FunctionCallResponse(Value result) implements BackendMessage {
    public static FunctionCallResponse decode(ByteBuf body) {
        var in = new MessageReader("FunctionCallResponse", body);
        Value result = in.value();
        in.end();
        return new FunctionCallResponse(result);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.FUNCTION_CALL_RESPONSE);
        MessageWriter.value(out, result);
        MessageWriter.end(out, mark);
    }
}
