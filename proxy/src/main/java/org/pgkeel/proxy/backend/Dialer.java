package org.pgkeel.proxy.backend;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.transport.Transport;

/// Opens sockets to nodes: looks the name up off the event loop (the JDK's resolver, so `/etc/hosts` and `nsswitch` count,
/// and it blocks), then tries its addresses in order. Threading: immutable; a dial is confined to its loop.
///
/// A look-up has a virtual thread of its own: a name server that hangs keeps nobody waiting who does not ask for that name.
record Dialer(Transport transport, NameLookup names, Function<EventLoop, RecvByteBufAllocator> receivers) {

    /// Finds the addresses of a name; blocks.
    interface NameLookup {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }


    /// What became of a dial.
    interface Outcome {
        /// The channel is open; its handler has been added and has seen nothing yet.
        void opened(Channel channel);

        void unreachable(String text);
    }

    /// @param timeout for all addresses together, the look-up of the name comes on top; zero means no limit
    /// @param wanted  asked before each further address; false ends the dial without a word, and closes what opens late
    /// @param handler makes the first handler of the channel
    /// @param outcome called on the loop
    void dial(EventLoop loop, NodeAddress address, Duration timeout, BooleanSupplier wanted,
              Supplier<ChannelHandler> handler, Outcome outcome) {
        if (address.isUnixSocket()) {
            Path socket = Path.of(address.host(), ".s.PGSQL." + address.port());
            var dial = new Dial(this, loop, address, timeoutMillis(timeout, 1), wanted, handler, outcome);
            dial.next(List.of(transport.domainAddress(socket)).iterator(), "no address");
            return;
        }
        resolve(loop, address, addresses -> {
            if (!wanted.getAsBoolean()) return;
            var dial = new Dial(this, loop, address, timeoutMillis(timeout, addresses.size()), wanted, handler, outcome);
            dial.next(addresses.iterator(), "no address");
        }, outcome);
    }

    /// Each address gets its share, so that one that swallows packets does not use up the time of the others.
    private static int timeoutMillis(Duration timeout, int addresses) {
        return timeout.isZero() ? 0 : Math.clamp(timeout.toMillis() / addresses, 1, Integer.MAX_VALUE);
    }

    private void resolve(EventLoop loop, NodeAddress address, Consumer<List<SocketAddress>> whenKnown, Outcome outcome) {
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(address.host());
        if (literal != null) {
            whenKnown.accept(List.of(new InetSocketAddress(address(literal), address.port())));
            return;
        }
        Thread.ofVirtual().name("pgkeel-name").start(() -> {
            Runnable next;
            try {
                List<SocketAddress> found = Stream.of(names.addresses(address.host()))
                        .<SocketAddress>map(ip -> new InetSocketAddress(ip, address.port())).toList();
                next = () -> whenKnown.accept(found);
            } catch (UnknownHostException unknown) {
                next = () -> outcome.unreachable("cannot resolve host \"" + address.host() + "\"");
            }
            try {
                loop.execute(next);
            } catch (RejectedExecutionException shuttingDown) {
                // Nobody waits for it.
            }
        });
    }

    private static InetAddress address(byte[] literal) {
        try {
            return InetAddress.getByAddress(literal);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("an IP address of " + literal.length + " bytes", impossible);
        }
    }

    private record Dial(Dialer dialer, EventLoop loop, NodeAddress address, int timeoutMillis, BooleanSupplier wanted,
                        Supplier<ChannelHandler> handler, Outcome outcome) {
        void next(Iterator<SocketAddress> addresses, String lastFailure) {
            if (!addresses.hasNext()) {
                outcome.unreachable("cannot connect to " + address + ": " + lastFailure);
                return;
            }
            bootstrap().connect(addresses.next()).addListener((ChannelFuture connected) -> {
                if (!wanted.getAsBoolean()) connected.channel().close();
                else if (connected.isSuccess()) outcome.opened(connected.channel());
                else next(addresses, reason(connected.cause()));
            });
        }

        private Bootstrap bootstrap() {
            boolean unix = address.isUnixSocket();
            var bootstrap = new Bootstrap().group(loop).channel(unix ? dialer.transport.domainChannel() : dialer.transport.channel())
                    .option(ChannelOption.RECVBUF_ALLOCATOR, dialer.receivers.apply(loop))
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(handler.get());
                        }
                    });
            if (!unix) bootstrap.option(ChannelOption.TCP_NODELAY, true).option(ChannelOption.SO_KEEPALIVE, true);
            return bootstrap;
        }

        private static String reason(Throwable cause) {
            String message = cause.getMessage();
            return message == null ? cause.getClass().getSimpleName() : message;
        }
    }
}
