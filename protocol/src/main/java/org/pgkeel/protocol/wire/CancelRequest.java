package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// `CancelRequest` (start-up): cancel what the session with this key is doing; nothing answers it.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST>
/// @param secretKey 4 to 256 bytes; always 4 before protocol 3.2
public record CancelRequest(int backendPid, byte[] secretKey) implements StartupPacket {
    public static final int KEY_BYTES_MIN = 4;
    public static final int KEY_BYTES_MAX = 256;
    static final int CODE = 80877102;

    static CancelRequest decode(ByteBuf body) {
        var in = new MessageReader("CancelRequest", body);
        int backendPid = in.int32();
        if (in.remaining() < KEY_BYTES_MIN || in.remaining() > KEY_BYTES_MAX) {
            throw in.violation("key of " + in.remaining() + " bytes");
        }
        return new CancelRequest(backendPid, in.rest().toArray());
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.beginUntyped(out);
        out.writeInt(CODE).writeInt(backendPid).writeBytes(secretKey);
        MessageWriter.end(out, mark);
    }

    @Override public boolean equals(Object other) {
        return other instanceof CancelRequest(int pid, byte[] key) && backendPid == pid && Arrays.equals(secretKey, key);
    }

    @Override public int hashCode() {
        return 31 * backendPid + Arrays.hashCode(secretKey);
    }

    /// Without the key: whoever reads it can cancel.
    @Override public String toString() {
        return "CancelRequest[backendPid=" + backendPid + "]";
    }
}
