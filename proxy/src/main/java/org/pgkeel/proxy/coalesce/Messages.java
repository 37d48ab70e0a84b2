package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// Cuts what a server sends into whole messages.
///
/// Threading: confined to its event loop.
final class Messages {
    private static final int MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

    private @Nullable ByteBuf carry;

    interface Reader {
        /// @param in   holds the message; not kept
        /// @param at   where its type stands
        /// @param next where it ends
        /// @return false to stop: what follows belongs to nobody
        boolean message(byte type, ByteBuf in, int at, int next);
    }

    /// @param arrived released here
    void read(ByteBuf arrived, Reader reader) {
        ByteBuf in = arrived;
        if (carry != null) {
            in = carry.writeBytes(arrived);
            arrived.release();
            carry = null;
        }
        int at = in.readerIndex();
        int end = in.writerIndex();
        try {
            while (end - at >= 5) {
                int length = in.getInt(at + 1);
                if (length < 4 || length > MESSAGE_BYTES_MAX) throw new ProtocolViolation("message '" + (char) (in.getByte(at) & 0xFF) + "': length " + length);
                int next = at + 1 + length;
                if (next > end) break;
                boolean goOn = reader.message(in.getByte(at), in, at, next);
                at = next;
                if (!goOn) return;
            }
            if (at < end) carry = in.alloc().directBuffer(Math.max(512, end - at)).writeBytes(in, at, end - at);
        } finally {
            in.release();
        }
    }

    void release() {
        if (carry != null) carry.release();
        carry = null;
    }
}
