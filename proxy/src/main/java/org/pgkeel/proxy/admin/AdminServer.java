package org.pgkeel.proxy.admin;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The HTTP port: metrics, health and the status page. All its connections live on one event loop.
/// Threading: shared; connections are confined to the event loop.
public final class AdminServer {
    static final int CONNECTIONS_MAX = 64;
    private static final int REQUEST_LINE_BYTES_MAX = 4_096;
    private static final int HEADER_BYTES_MAX = 8_192;
    private static final int CHUNK_BYTES_MAX = 1_024;
    /// No request here has a body worth reading.
    private static final int BODY_BYTES_MAX = 1_024;

    private final Channel listener;
    private final ChannelGroup connections;
    private final AdminPages pages;

    private AdminServer(Channel listener, ChannelGroup connections, AdminPages pages) {
        this.listener = listener;
        this.connections = connections;
        this.pages = pages;
    }

    /// Binds the port.
    /// @param group one of its event loops is used; it should not be one that relays, since a scrape takes milliseconds
    /// @param type  the kind of server channel that fits the group
    /// @return completes exceptionally with the reason if the address cannot be bound
    public static CompletionStage<AdminServer> start(
            EventLoopGroup group, Class<? extends ServerChannel> type, InetSocketAddress address, Operations operations,
            Clock clock) {
        EventLoop loop = group.next();
        var connections = new DefaultChannelGroup("admin", loop);
        var pages = new AdminPages(operations, new Metrics(), clock, loop);
        var started = new CompletableFuture<AdminServer>();
        new ServerBootstrap()
                .group(loop, loop)
                .channel(type)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (connections.size() >= CONNECTIONS_MAX) {
                            channel.close();
                            return;
                        }
                        connections.add(channel);
                        channel.pipeline().addLast(
                                new HttpServerCodec(REQUEST_LINE_BYTES_MAX, HEADER_BYTES_MAX, CHUNK_BYTES_MAX),
                                new HttpObjectAggregator(BODY_BYTES_MAX, true),
                                new AdminHttpHandler(pages));
                    }
                })
                .bind(address)
                .addListener((ChannelFuture bound) -> {
                    if (bound.isSuccess()) {
                        started.complete(new AdminServer(bound.channel(), connections, pages));
                    } else {
                        pages.close();
                        started.completeExceptionally(bound.cause());
                    }
                });
        return started;
    }

    /// Where it listens: with the port that was picked if 0 was asked for.
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /// Closes the port and its connections. The group is the caller's.
    public CompletionStage<?> close() {
        var closed = new CompletableFuture<Void>();
        listener.close().addListener(_ -> connections.close().addListener(_ -> {
            pages.close();
            closed.complete(null);
        }));
        return closed;
    }
}
