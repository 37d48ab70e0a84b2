package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.FrontendType;

/// Writes what a server that is lost would have answered to the end of a batch with a COMMIT that is known to have happened.
///
/// Threading: a pure function.
final class CommitReplies {
    private CommitReplies() {}

    /// @param batch    the client's messages, complete
    /// @param received replies to them that are there already
    /// @param tag      the COMMIT's own
    /// @return false if there is more missing than the COMMIT's own
    static boolean write(byte[] batch, int bytes, int received, String tag, ByteBuf out) {
        ByteBuf in = Unpooled.wrappedBuffer(batch, 0, bytes);
        int missing = -received;
        int commits = 0;
        for (int at = 0; at + 5 <= bytes; at += 1 + in.getInt(at + 1)) {
            byte type = in.getByte(at);
            byte reply = switch (type) {
                case FrontendType.PARSE -> BackendType.PARSE_COMPLETE;
                case FrontendType.BIND -> BackendType.BIND_COMPLETE;
                case FrontendType.CLOSE -> BackendType.CLOSE_COMPLETE;
                case FrontendType.DESCRIBE -> BackendType.NO_DATA;
                case FrontendType.EXECUTE, FrontendType.QUERY -> BackendType.COMMAND_COMPLETE;
                default -> 0;
            };
            if (reply == 0) continue;
            if (type == FrontendType.DESCRIBE && in.getByte(at + 5) == 'S' && missing++ >= 0) {
                out.writeByte(BackendType.PARAMETER_DESCRIPTION).writeInt(6).writeShort(0);
            }
            if (missing++ < 0) continue;
            if (reply == BackendType.COMMAND_COMPLETE) {
                commits++;
                SessionMessages.commandComplete(out, tag);
            } else {
                out.writeByte(reply).writeInt(4);
            }
        }
        return commits <= 1;
    }
}
