package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.CancelRequest;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `BackendKeyData` (backend, `K`): what a CancelRequest for this session must carry.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BACKENDKEYDATA>
/// @param secretKey 4 to 256 bytes; always 4 before protocol 3.2
public record BackendKeyData(int backendPid, byte[] secretKey) implements BackendMessage {
    public static BackendKeyData decode(ByteBuf body) {
        var in = new MessageReader("BackendKeyData", body);
        int backendPid = in.int32();
        if (in.remaining() < CancelRequest.KEY_BYTES_MIN || in.remaining() > CancelRequest.KEY_BYTES_MAX) {
            throw in.violation("key of " + in.remaining() + " bytes");
        }
        return new BackendKeyData(backendPid, in.rest().toArray());
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.BACKEND_KEY_DATA);
        out.writeInt(backendPid).writeBytes(secretKey);
        MessageWriter.end(out, mark);
    }

    @Override public boolean equals(Object other) {
        return other instanceof BackendKeyData(int pid, byte[] key) && backendPid == pid && Arrays.equals(secretKey, key);
    }

    @Override public int hashCode() {
        return 31 * backendPid + Arrays.hashCode(secretKey);
    }

    /// Without the key: whoever reads it can cancel.
    @Override public String toString() {
        return "BackendKeyData[backendPid=" + backendPid + "]";
    }
}
