package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/// Cuts the bytes of a channel into [Frame]s that the next handler owns. Used where messages are decoded one by one: at the
/// login, by the console and in tests; the relay walks headers by itself.
///
/// A [ProtocolViolation] reaches `exceptionCaught` as the cause of a `DecoderException`, once; what comes after it is dropped,
/// because a stream that lost its place has no messages any more.
///
/// | from   | event                       | to                          |
/// |--------|-----------------------------|-----------------------------|
/// | Intact | bytes, header within limits | Intact, frames handed on    |
/// | Intact | bytes, header refused       | Broken, violation thrown    |
/// | Broken | bytes                       | Broken, the bytes discarded |
///
/// Threading: confined to its channel's event loop.
public final class FrameDecoder extends ByteToMessageDecoder {
    private enum State { INTACT, BROKEN }

    private FrameLimits limits;
    private State state = State.INTACT;

    public FrameDecoder(FrameLimits limits) {
        this.limits = limits;
    }

    /// From the next frame on, other limits hold: those after the login.
    public void limits(FrameLimits limits) {
        this.limits = limits;
    }

    @Override protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        switch (state) {
            case INTACT -> {
                try {
                    Frame.decode(in, limits).ifPresent(out::add);
                } catch (ProtocolViolation violation) {
                    state = State.BROKEN;
                    in.skipBytes(in.readableBytes());
                    throw violation;
                }
            }
            case BROKEN -> in.skipBytes(in.readableBytes());
        }
    }
}
