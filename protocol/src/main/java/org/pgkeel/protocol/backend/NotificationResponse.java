package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `NotificationResponse` (backend, `A`): somebody said NOTIFY on a channel that the session listens to.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NOTIFICATIONRESPONSE>
/// @param backendPid the notifying session
public record NotificationResponse(int backendPid, String channel, String payload) implements BackendMessage {
    public static NotificationResponse decode(ByteBuf body) {
        var in = new MessageReader("NotificationResponse", body);
        int backendPid = in.int32();
        String channel = in.cString();
        String payload = in.cString();
        in.end();
        return new NotificationResponse(backendPid, channel, payload);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.NOTIFICATION_RESPONSE);
        out.writeInt(backendPid);
        MessageWriter.cString(out, channel);
        MessageWriter.cString(out, payload);
        MessageWriter.end(out, mark);
    }
}
