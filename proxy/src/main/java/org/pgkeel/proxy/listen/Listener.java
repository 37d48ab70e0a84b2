package org.pgkeel.proxy.listen;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.pgkeel.proxy.config.ListenConfig;
import org.pgkeel.proxy.transport.Transport;

/// The sockets that clients connect to: a TCP port, and a Unix-domain socket beside it if it is configured.
///
/// Threading: opened by one thread, closed by any; accepted channels are spread over the event loops.
public final class Listener implements AutoCloseable {
    private final List<Channel> sockets = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();
    private int port;

    private Listener() {}

    /// @param onAccept prepares an accepted channel; called on its event loop
    /// @throws IOException if an address cannot be bound; the message says which and why
    public static Listener open(ListenConfig config, Transport transport, EventLoopGroup loops, Consumer<Channel> onAccept) throws IOException {
        var listener = new Listener();
        try {
            Channel tcp = bootstrap(config, loops, onAccept).channel(transport.serverChannel())
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.SO_KEEPALIVE, true)
                    .bind(config.address(), config.port()).syncUninterruptibly().channel();
            listener.sockets.add(tcp);
            listener.port = ((InetSocketAddress) tcp.localAddress()).getPort();
            if (config.unixSocketDirectory().isPresent()) {
                Path file = config.unixSocketDirectory().get().resolve(".s.PGSQL." + listener.port);
                Files.deleteIfExists(file);
                listener.sockets.add(bootstrap(config, loops, onAccept).channel(transport.serverDomainChannel())
                        .bind(transport.domainAddress(file)).syncUninterruptibly().channel());
                listener.files.add(file);
            }
            return listener;
        } catch (Exception unable) {
            listener.close();
            throw new IOException("cannot listen on " + config.address() + ":" + config.port() + " (listen.address, listen.port): " + unable.getMessage(), unable);
        }
    }

    private static ServerBootstrap bootstrap(ListenConfig config, EventLoopGroup loops, Consumer<Channel> onAccept) {
        return new ServerBootstrap().group(loops, loops)
                .option(ChannelOption.SO_BACKLOG, config.backlog())
                .childOption(ChannelOption.AUTO_READ, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        onAccept.accept(channel);
                    }
                });
    }

    /// The TCP port, the one that was picked if 0 was asked for.
    public int port() {
        return port;
    }

    /// Takes no more connections; those that are open stay.
    @Override
    public synchronized void close() {
        for (Channel socket : sockets) socket.close().syncUninterruptibly();
        sockets.clear();
        for (Path file : files) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException harmless) {
                // A stale socket file is replaced at the next start.
            }
        }
        files.clear();
    }
}
