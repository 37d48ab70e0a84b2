package org.pgkeel.proxy.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;

/// Event loops that begin to serve a channel between two batches of events, never within one.
///
/// Netty's epoll loop fetches a batch of events and gives each to the channel that is registered under the event's descriptor. The handler of
/// one event may close another channel, and the kernel hands the free number to the next socket at once. Were that one registered at once
/// too, it would get what the batch still holds of the closed channel: the end of somebody else's connection.
/// Before the next batch is fetched the kernel has forgotten all that was closed.
///
/// Threading: any.
final class EventLoops extends MultiThreadIoEventLoopGroup {
    EventLoops(int threads, ThreadFactory threadFactory, IoHandlerFactory ioHandlers) {
        super(threads, threadFactory, ioHandlers);
    }

    @Override
    protected IoEventLoop newChild(Executor executor, IoHandlerFactory ioHandlers, Object... none) {
        return new Loop(this, executor, ioHandlers);
    }

    private static final class Loop extends SingleThreadIoEventLoop {
        Loop(IoEventLoopGroup group, Executor executor, IoHandlerFactory ioHandlers) {
            super(group, executor, ioHandlers);
        }

        @Override
        public ChannelFuture register(Channel channel) {
            return register(new DefaultChannelPromise(channel, this));
        }

        /// A task of this loop runs when the batch has been worked off. From other threads Netty registers by a task anyway.
        @Override
        public ChannelFuture register(ChannelPromise promise) {
            if (inEventLoop() && !isShuttingDown()) execute(() -> super.register(promise));
            else super.register(promise);
            return promise;
        }
    }
}
