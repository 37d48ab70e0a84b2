package org.pgkeel.proxy.listen;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
            listener.openTcp(config, transport, loops, onAccept);
            if (config.unixSocketDirectory().isPresent()) listener.openUnix(config.unixSocketDirectory().get(), config, transport, loops, onAccept);
            return listener;
        } catch (IOException unable) {
            listener.close();
            throw unable;
        }
    }

    private void openTcp(ListenConfig config, Transport transport, EventLoopGroup loops, Consumer<Channel> onAccept) throws IOException {
        try {
            Channel tcp = bootstrap(config, loops, onAccept).channel(transport.serverChannel())
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(ChannelOption.SO_KEEPALIVE, true)
                    .bind(config.address(), config.port()).syncUninterruptibly().channel();
            sockets.add(tcp);
            port = ((InetSocketAddress) tcp.localAddress()).getPort();
        } catch (Exception unable) {
            throw new IOException("cannot listen on " + config.address() + ":" + config.port() + " (listen.address, listen.port): " + reason(unable), unable);
        }
    }

    private void openUnix(Path folder, ListenConfig config, Transport transport, EventLoopGroup loops, Consumer<Channel> onAccept) throws IOException {
        Path file = folder.resolve(".s.PGSQL." + port);
        try {
            removeStale(file);
            sockets.add(bootstrap(config, loops, onAccept).channel(transport.serverDomainChannel())
                    .bind(transport.domainAddress(file)).syncUninterruptibly().channel());
            files.add(file);
            // As PostgreSQL's own: who may log in is for auth.rules to say, not for the umask.
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));
        } catch (Exception unable) {
            throw new IOException("cannot listen on " + file + " (listen.unix-socket-directory): " + reason(unable), unable);
        }
    }

    /// The file of a server that was killed is in the way; that of one that lives, PostgreSQL's or another PgKeel's, is its own.
    private static void removeStale(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) return;
        try (var _ = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
            throw new IOException("another process listens there");
        } catch (ConnectException nobodyListens) {
            Files.delete(file);
        }
    }

    private static String reason(Exception unable) {
        return unable.getMessage() == null ? unable.getClass().getSimpleName() : unable.getMessage();
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
        // Before its socket is closed: from then on the file may be somebody else's.
        for (Path file : files) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException harmless) {
                // A stale socket file is replaced at the next start.
            }
        }
        files.clear();
        for (Channel socket : sockets) socket.close().syncUninterruptibly();
        sockets.clear();
    }
}
