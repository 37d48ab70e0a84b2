package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.util.Optional;

/// One typed message that nobody has looked into yet: its type byte and its body, without the length prefix.
/// Whoever holds a frame last releases it; [FrameDecoder] hands over frames that the next handler owns.
/// <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS>
public record Frame(byte type, ByteBuf body) implements ReferenceCounted {
    /// The type byte and the length prefix.
    public static final int HEADER_BYTES = 5;
    private static final int LENGTH_BYTES = 4;

    /// Takes the next frame from the buffer, or nothing as long as it is not there whole. The body is a retained slice.
    /// @throws ProtocolViolation if the length is impossible, or the limits refuse the type or the size; this is known
    ///                           from the header alone, so no byte of such a body is ever waited for
    public static Optional<Frame> decode(ByteBuf in, FrameLimits limits) {
        if (in.readableBytes() < HEADER_BYTES) return Optional.empty();
        byte type = in.getByte(in.readerIndex());
        int bodyBytesMax = limits.bodyBytesMax(type);
        int length = in.getInt(in.readerIndex() + 1);
        if (length < LENGTH_BYTES) throw new ProtocolViolation(name(type) + ": length " + length);
        int bodyBytes = length - LENGTH_BYTES;
        if (bodyBytes > bodyBytesMax) {
            throw new ProtocolViolation(name(type) + ": " + bodyBytes + " bytes where " + bodyBytesMax + " are allowed");
        }
        if (in.readableBytes() - HEADER_BYTES < bodyBytes) return Optional.empty();
        in.skipBytes(HEADER_BYTES);
        return Optional.of(new Frame(type, in.readRetainedSlice(bodyBytes)));
    }

    /// A type byte as people read it.
    public static String name(byte type) {
        return type > ' ' && type < 0x7F
                ? "message '" + (char) type + "'"
                : "message type 0x" + Integer.toHexString(Byte.toUnsignedInt(type));
    }

    @Override public int refCnt() {
        return body.refCnt();
    }

    @Override public Frame retain() {
        body.retain();
        return this;
    }

    @Override public Frame retain(int increment) {
        body.retain(increment);
        return this;
    }

    @Override public Frame touch() {
        body.touch();
        return this;
    }

    @Override public Frame touch(Object hint) {
        body.touch(hint);
        return this;
    }

    @Override public boolean release() {
        return body.release();
    }

    @Override public boolean release(int decrement) {
        return body.release(decrement);
    }

    /// Without the content of the body, which may be a password or a client's row.
    @Override public String toString() {
        return name(type) + " of " + body.readableBytes() + " bytes";
    }
}
