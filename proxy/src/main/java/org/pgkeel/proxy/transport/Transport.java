package org.pgkeel.proxy.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The sockets of this process: which Netty classes open them and which handler drives them.
/// [#choose] is called once, by the composition root. Threading: immutable.
public enum Transport {
    EPOLL("epoll", EpollServerSocketChannel.class, EpollSocketChannel.class,
            EpollServerDomainSocketChannel.class, EpollDomainSocketChannel.class) {
        @Override
        public IoHandlerFactory ioHandlers() {
            return EpollIoHandler.newFactory();
        }
    },
    IO_URING("io_uring", IoUringServerSocketChannel.class, IoUringSocketChannel.class,
            IoUringServerDomainSocketChannel.class, IoUringDomainSocketChannel.class) {
        @Override
        public IoHandlerFactory ioHandlers() {
            return IoUringIoHandler.newFactory();
        }
    },
    NIO("nio", NioServerSocketChannel.class, NioSocketChannel.class,
            NioServerDomainSocketChannel.class, NioDomainSocketChannel.class) {
        @Override
        public IoHandlerFactory ioHandlers() {
            return NioIoHandler.newFactory();
        }
    };

    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

    private final String word;
    private final Class<? extends ServerChannel> serverChannel;
    private final Class<? extends Channel> channel;
    private final Class<? extends ServerChannel> serverDomainChannel;
    private final Class<? extends Channel> domainChannel;

    Transport(String word, Class<? extends ServerChannel> serverChannel, Class<? extends Channel> channel,
              Class<? extends ServerChannel> serverDomainChannel, Class<? extends Channel> domainChannel) {
        this.word = word;
        this.serverChannel = serverChannel;
        this.channel = channel;
        this.serverDomainChannel = serverDomainChannel;
        this.domainChannel = domainChannel;
    }

    /// The transport that was asked for, or NIO where the machine does not have it: said in the log with the cause.
    public static Transport choose(RuntimeConfig.Transport wanted) {
        Transport chosen = switch (wanted) {
            case NIO -> NIO;
            case IO_URING -> IoUring.isAvailable() ? IO_URING : fallBack("io_uring", IoUring.unavailabilityCause());
            case AUTO, EPOLL -> Epoll.isAvailable() ? EPOLL : fallBack("epoll", Epoll.unavailabilityCause());
        };
        LOG.info("transport: {}", chosen.word);
        return chosen;
    }

    private static Transport fallBack(String wanted, Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) root = root.getCause();
        LOG.warn("transport {} is not available here, using nio, which costs more CPU: {}", wanted, root.toString());
        return NIO;
    }

    public Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    public Class<? extends Channel> channel() {
        return channel;
    }

    public Class<? extends ServerChannel> serverDomainChannel() {
        return serverDomainChannel;
    }

    public Class<? extends Channel> domainChannel() {
        return domainChannel;
    }

    /// Drives the event loops of this transport.
    public abstract IoHandlerFactory ioHandlers();

    /// Event loops of this transport; whoever asks shuts them down.
    public EventLoopGroup newGroup(int threads, String threadName) {
        return new EventLoops(threads, new DefaultThreadFactory(threadName), ioHandlers());
    }

    /// The address of a Unix-domain socket, in the class that the domain channels of this transport take.
    public SocketAddress domainAddress(Path socket) {
        return switch (this) {
            case EPOLL, IO_URING -> new DomainSocketAddress(socket.toFile());
            case NIO -> UnixDomainSocketAddress.of(socket);
        };
    }
}
