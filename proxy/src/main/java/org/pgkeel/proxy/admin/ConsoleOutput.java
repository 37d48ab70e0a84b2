package org.pgkeel.proxy.admin;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.BackendMessage;

/// Gathers messages and writes them in chunks.
/// Threading: confined to the channel's event loop.
final class ConsoleOutput {
    /// A chunk is written when it has grown to this; one message may make it longer.
    private static final int CHUNK_BYTES = 16_384;

    private final Channel channel;
    private @Nullable ByteBuf chunk;

    ConsoleOutput(Channel channel) {
        this.channel = channel;
    }

    void add(BackendMessage message) {
        ByteBuf into = chunk;
        if (into == null) into = chunk = channel.alloc().buffer(1_024);
        message.encode(into);
        if (into.readableBytes() >= CHUNK_BYTES) flush();
    }

    void flush() {
        ByteBuf full = chunk;
        chunk = null;
        if (full != null) channel.writeAndFlush(full);
    }

    /// Whether the client keeps up with what it was sent.
    boolean hasRoom() {
        return channel.isWritable();
    }

    /// Sends what there is, then closes.
    void close() {
        ByteBuf rest = chunk;
        chunk = null;
        if (rest == null) channel.close();
        else channel.writeAndFlush(rest).addListener(ChannelFutureListener.CLOSE);
    }

    /// The channel is gone.
    void discard() {
        ByteBuf rest = chunk;
        chunk = null;
        if (rest != null) rest.release();
    }
}
