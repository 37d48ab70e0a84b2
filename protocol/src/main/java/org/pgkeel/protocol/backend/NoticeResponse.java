package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `NoticeResponse` (backend, `N`): a warning or notice; comes at any time.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NOTICERESPONSE>
public record NoticeResponse(ErrorFields fields) implements BackendMessage {
    public static NoticeResponse of(Severity severity, SqlState sqlState, String message) {
        return new NoticeResponse(ErrorFields.of(severity, sqlState, message));
    }

    /// The same with a DETAIL.
    public NoticeResponse withDetail(String detail) {
        return new NoticeResponse(fields.with(ErrorFields.DETAIL, detail));
    }

    /// The same with a HINT.
    public NoticeResponse withHint(String hint) {
        return new NoticeResponse(fields.with(ErrorFields.HINT, hint));
    }

    public static NoticeResponse decode(ByteBuf body) {
        var in = new MessageReader("NoticeResponse", body);
        ErrorFields fields = ErrorFields.decode(in);
        in.end();
        return new NoticeResponse(fields);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.NOTICE_RESPONSE);
        fields.encode(out);
        MessageWriter.end(out, mark);
    }
}
