package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;

/// Writes to one channel: straight to its descriptor while Netty's queue is empty, through the queue otherwise, and
/// always through the pipeline under TLS.
///
/// Threading: confined to the channel's event loop.
public final class DirectWriter {
    private final Channel channel;
    private final boolean direct;

    public DirectWriter(Channel channel) {
        this.channel = channel;
        this.direct = channel instanceof UnixChannel && channel.pipeline().get(SslHandler.class) == null;
    }

    /// Writes and flushes `buf[from, to)`. The caller keeps its reference; bytes that the socket does not take now
    /// keep a reference of their own. What is written to a closed channel is lost, quietly.
    public void write(ByteBuf buf, int from, int to) {
        int start = direct ? from + writeNow(buf, from, to) : from;
        if (start < to && channel.isOpen()) channel.writeAndFlush(buf.retainedSlice(start, to - start), channel.voidPromise());
    }

    /// As [#write(ByteBuf, int, int)], for a buffer that the caller is going to overwrite.
    public void writeCopy(ByteBuf buf, int from, int to) {
        int start = direct ? from + writeNow(buf, from, to) : from;
        if (start < to && channel.isOpen()) channel.writeAndFlush(channel.alloc().directBuffer(to - start).writeBytes(buf, start, to - start), channel.voidPromise());
    }

    private int writeNow(ByteBuf buf, int from, int to) {
        var queue = channel.unsafe().outboundBuffer();
        if (queue == null || queue.totalPendingWriteBytes() != 0 || !buf.hasMemoryAddress()) return 0;
        try {
            return Math.max(0, ((UnixChannel) channel).fd().writeAddress(buf.memoryAddress(), from, to));
        } catch (IOException gone) {
            channel.close();
            return to - from;
        }
    }
}
