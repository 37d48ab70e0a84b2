package org.pgkeel.proxy.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// One event loop, and three events that it finds together: a client's byte, at which the loop closes another client; a new connection, which
/// gets the closed one's descriptor; and the end that the closed one's client had sent.
class EventLoopsTest {
    private static final int TRIES_MAX = 100;

    private final EventLoopGroup group = Transport.EPOLL.newGroup(1, "test");
    private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
    private final List<FileDescriptor> fillers = new ArrayList<>();
    private Channel listener;
    private volatile @Nullable Channel closedAtNextByte;

    @BeforeEach
    void listen() throws InterruptedException {
        listener = new ServerBootstrap().group(group, group).channel(Transport.EPOLL.serverChannel()).childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new Echo());
            }
        }).bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
    }

    @AfterEach
    void end() throws Exception {
        for (FileDescriptor filler : fillers) filler.close();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    }

    @Test
    void a_new_connection_hears_nothing_of_the_closed_one_whose_descriptor_it_got() throws Exception {
        boolean reused = false;
        for (int i = 0; i < TRIES_MAX && !reused; i++) reused = threeEventsAtOnce();

        assertThat(reused).as("a descriptor was used again within a batch of events").isTrue();
    }

    /// @return whether the new connection got the closed one's descriptor: other threads of this JVM may have been quicker
    private boolean threeEventsAtOnce() throws Exception {
        try (Socket first = connect(); Socket ending = connect()) {
            accepted.take();
            Channel closing = accepted.take();
            closedAtNextByte = closing;
            int descriptor = descriptor(closing);
            fillGapsBelow(descriptor);

            var goOn = new CountDownLatch(1);
            var blocked = new CountDownLatch(1);
            group.execute(() -> {
                blocked.countDown();
                await(goOn);
            });
            blocked.await();
            first.getOutputStream().write('a');
            try (Socket next = connect()) {
                ending.shutdownOutput();
                goOn.countDown();
                Channel channel = accepted.take();
                assertThat(first.getInputStream().read()).isEqualTo('a');

                channel.eventLoop().submit(() -> channel.config().setAutoRead(false).setAutoRead(true)).sync();
                next.getOutputStream().write('n');
                assertThat(next.getInputStream().read()).as("what the new connection reads: an echo, not an end of file").isEqualTo('n');
                assertThat(ending.getInputStream().read()).isEqualTo(-1);
                return descriptor(channel) == descriptor;
            }
        }
    }

    private Socket connect() throws IOException {
        var socket = new Socket();
        socket.setSoTimeout(60_000);
        socket.connect((InetSocketAddress) listener.localAddress());
        return socket;
    }

    /// The kernel hands out the lowest number that is free.
    private void fillGapsBelow(int descriptor) throws IOException {
        do fillers.add(FileDescriptor.from("/dev/null"));
        while (fillers.getLast().intValue() < descriptor);
    }

    private static int descriptor(Channel channel) {
        return ((UnixChannel) channel).fd().intValue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            accepted.add(ctx.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            Channel closing = closedAtNextByte;
            closedAtNextByte = null;
            if (closing != null) closing.close();
            ctx.writeAndFlush((ByteBuf) message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
