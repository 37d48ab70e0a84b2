package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.Optional;

/// What a client sends before any typed message: a length, a request code or protocol version, and what belongs to it.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>
public sealed interface StartupPacket permits CancelRequest, GssEncRequest, SslRequest, StartupMessage {
    /// PostgreSQL's own limit (`MAX_STARTUP_PACKET_LENGTH`).
    int BYTES_MAX = 10_000;

    void encode(ByteBuf out);

    /// Takes the next packet from the buffer, or nothing as long as it is not there whole. Until then the buffer is unchanged.
    /// @param bytesMax longest packet accepted, its length prefix included
    /// @throws ProtocolViolation if the length is below 8 or above the limit (known from the first four bytes), the code is
    ///                           unknown, or the content is malformed
    static Optional<StartupPacket> decode(ByteBuf in, int bytesMax) {
        if (in.readableBytes() < 4) return Optional.empty();
        int length = in.getInt(in.readerIndex());
        if (length < 8 || length > bytesMax) throw new ProtocolViolation("startup packet: length " + length);
        if (in.readableBytes() < length) return Optional.empty();
        ByteBuf body = in.readSlice(length).skipBytes(4);
        int code = body.readInt();
        return Optional.of(switch (code) {
            case SslRequest.CODE -> SslRequest.decode(body);
            case GssEncRequest.CODE -> GssEncRequest.decode(body);
            case CancelRequest.CODE -> CancelRequest.decode(body);
            default -> StartupMessage.decode(code >>> 16, code & 0xFFFF, body);
        });
    }
}
