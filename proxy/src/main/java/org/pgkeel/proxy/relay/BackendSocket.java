package org.pgkeel.proxy.relay;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.util.function.Function;
import org.pgkeel.protocol.wire.FrontendType;

/// The socket of a backend connection: whether it is read from, what is written to it, and how it gets from one event loop to another.
///
/// Threading: confined to an event loop; [#moveTo] hands it to another one.
final class BackendSocket {
    private final Channel channel;
    private final Function<EventLoop, LoopBuffers> buffersOf;
    private Outgoing outgoing;

    /// @param channel   logged in, nothing but TLS in its pipeline, not reading
    /// @param buffersOf the buffers of an event loop
    BackendSocket(Channel channel, EventLoop loop, Function<EventLoop, LoopBuffers> buffersOf, BackendConnection connection) {
        this.channel = channel;
        this.buffersOf = buffersOf;
        this.outgoing = new Outgoing(buffersOf.apply(loop), new DirectWriter(channel));
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.pipeline().addLast(new BackendSocketHandler(connection));
    }

    Channel channel() {
        return channel;
    }

    /// Where messages for the backend go; another one after [#moveTo].
    Outgoing outgoing() {
        return outgoing;
    }

    boolean isActive() {
        return channel.isActive();
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    void pauseReading() {
        channel.config().setAutoRead(false);
    }

    /// Nothing happens if it is read from already.
    void resumeReading() {
        if (!channel.config().isAutoRead() && channel.isOpen()) channel.config().setAutoRead(true);
    }

    /// Tells the server that the session is over, if it can be told.
    void terminate() {
        if (channel.isActive()) channel.writeAndFlush(channel.alloc().buffer(5).writeByte(FrontendType.TERMINATE).writeInt(4));
    }

    void close() {
        outgoing.discard();
        channel.close();
    }

    /// To another event loop. Nothing is read on the way.
    /// @param arrives runs there, ahead of all that is read
    /// @param then    runs there, when it is read from again
    void moveTo(EventLoop loop, Runnable arrives, Runnable then) {
        channel.config().setAutoRead(false);
        channel.deregister().addListener(_ -> loop.execute(() -> {
            arrives.run();
            LoopBuffers buffers = buffersOf.apply(loop);
            channel.config().setRecvByteBufAllocator(buffers);
            outgoing = new Outgoing(buffers, new DirectWriter(channel));
            loop.register(channel).addListener(_ -> {
                channel.config().setAutoRead(true);
                then.run();
            });
        }));
    }
}
