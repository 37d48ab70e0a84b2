package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `ErrorResponse` (backend, `E`): something failed.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ERRORRESPONSE>
public record ErrorResponse(ErrorFields fields) implements BackendMessage {
    public static ErrorResponse of(Severity severity, SqlState sqlState, String message) {
        return new ErrorResponse(ErrorFields.of(severity, sqlState, message));
    }

    /// The same with a DETAIL.
    public ErrorResponse withDetail(String detail) {
        return new ErrorResponse(fields.with(ErrorFields.DETAIL, detail));
    }

    /// The same with a HINT.
    public ErrorResponse withHint(String hint) {
        return new ErrorResponse(fields.with(ErrorFields.HINT, hint));
    }

    public static ErrorResponse decode(ByteBuf body) {
        var in = new MessageReader("ErrorResponse", body);
        ErrorFields fields = ErrorFields.decode(in);
        in.end();
        return new ErrorResponse(fields);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.ERROR_RESPONSE);
        fields.encode(out);
        MessageWriter.end(out, mark);
    }
}
