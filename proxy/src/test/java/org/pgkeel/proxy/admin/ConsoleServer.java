package org.pgkeel.proxy.admin;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.pgkeel.protocol.backend.AuthenticationOk;
import org.pgkeel.protocol.backend.BackendKeyData;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.wire.CancelRequest;
import org.pgkeel.protocol.wire.GssEncRequest;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.StartupPacket;
import org.pgkeel.proxy.config.AdminConfig;

/// The console behind a real socket and a login that trusts everybody it knows: `ops` and `monitor`.
final class ConsoleServer implements AutoCloseable {
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel listener;
    /// Sessions in the order of their logins.
    final BlockingQueue<ConsoleSession> sessions = new LinkedBlockingQueue<>();

    ConsoleServer(Operations operations) {
        var console = new Console(operations, () -> new AdminConfig("127.0.0.1", 0, Set.of("ops"), Set.of("monitor")), Clock.systemUTC());
        listener = new ServerBootstrap().group(group).channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new TrustingLogin(console));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).syncUninterruptibly().channel();
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override public void close() {
        listener.close().syncUninterruptibly();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class TrustingLogin extends ByteToMessageDecoder {
        private final Console console;

        TrustingLogin(Console console) {
            this.console = console;
        }

        @Override protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
            StartupPacket.decode(in, StartupPacket.BYTES_MAX).ifPresent(packet -> {
                switch (packet) {
                    case SslRequest _, GssEncRequest _ -> ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte('N'));
                    case CancelRequest _ -> ctx.close();
                    case StartupMessage startup -> welcome(ctx, startup);
                }
            });
        }

        private void welcome(ChannelHandlerContext ctx, StartupMessage startup) {
            var role = console.roleOf(startup.user()).orElseThrow();
            var welcome = ctx.alloc().buffer();
            AuthenticationOk.INSTANCE.encode(welcome);
            Console.parameters().forEach(parameter -> parameter.encode(welcome));
            new BackendKeyData(1, new byte[] {1, 2, 3, 4}).encode(welcome);
            new ReadyForQuery(TransactionStatus.IDLE).encode(welcome);
            sessions.add(console.serve(ctx.pipeline(), startup.user(), role));
            ctx.writeAndFlush(welcome);
            ctx.pipeline().remove(this);
        }
    }
}
