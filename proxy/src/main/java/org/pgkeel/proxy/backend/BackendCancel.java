package org.pgkeel.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.wire.CancelRequest;
import org.pgkeel.proxy.tls.BackendTls;
import org.pgkeel.proxy.transport.Transport;

/// Sends CancelRequests to PostgreSQL. Threading: immutable; each request is confined to the loop it was asked for.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS>
public final class BackendCancel {
    /// A server answers a cancel with nothing but a close, or one byte to SSLRequest and a handshake.
    private static final int READ_BYTES = 2048;

    /// What is known of a request that is over.
    public enum End {
        /// The server has sent the signal, or will never hear of it.
        SETTLED,
        /// It was sent, and the server has not said that it has got it: it may act on it at any time.
        IN_DOUBT
    }

    private final Dialer dialer;
    private final Duration patience;

    /// @param patience how long one request may take in all, until it is given up
    public BackendCancel(Transport transport, Duration patience) {
        this.dialer = new Dialer(transport, InetAddress::getAllByName, _ -> new FixedRecvByteBufAllocator(READ_BYTES));
        this.patience = patience;
    }

    /// Sends one request, and waits for the server to close: only then has the signal been sent, and only then may the
    /// backend be lent to somebody else. Callable from any thread.
    ///
    /// @param tls        `require` and stronger insist on it, `prefer` asks for it; the key of a cancel is worth no more
    /// @param whenOver   called once, on `loop`, when the server closed, or the connect failed, or the patience ended
    public void send(EventLoop loop, NodeAddress address, BackendTls tls, int pid, byte[] secretKey, Consumer<End> whenOver) {
        var request = new Request(loop, address, tls, new CancelRequest(pid, secretKey.clone()), whenOver);
        if (loop.inEventLoop()) request.start();
        else loop.execute(request::start);
    }

    /// One request on its way.
    private final class Request {
        private enum State { OPEN, ENDED }

        private final EventLoop loop;
        private final NodeAddress address;
        private final BackendTls tls;
        private final CancelRequest message;
        private final Consumer<End> whenOver;
        private State state = State.OPEN;
        private boolean sent;
        private Optional<Channel> channel = Optional.empty();
        private Optional<Future<?>> deadline = Optional.empty();

        Request(EventLoop loop, NodeAddress address, BackendTls tls, CancelRequest message, Consumer<End> whenOver) {
            this.loop = loop;
            this.address = address;
            this.tls = tls;
            this.message = message;
            this.whenOver = whenOver;
        }

        void start() {
            deadline = Optional.of(loop.schedule(this::lose, patience.toNanos(), TimeUnit.NANOSECONDS));
            dialer.dial(loop, address, patience, () -> state == State.OPEN, Awaiter::new, new Dialer.Outcome() {
                @Override
                public void opened(Channel open) {
                    channel = Optional.of(open);
                    if (state == State.ENDED) open.close();
                    else opened(open, negotiation(open));
                }

                private void opened(Channel open, Optional<ChannelHandler> negotiation) {
                    if (negotiation.isPresent()) open.pipeline().addFirst(negotiation.get());
                    else write(open);
                }

                @Override
                public void unreachable(String text) {
                    end(End.SETTLED);
                }
            });
        }

        private Optional<ChannelHandler> negotiation(Channel open) {
            if (address.isUnixSocket() || !(tls instanceof BackendTls.Enabled enabled)) return Optional.empty();
            return switch (enabled.mode()) {
                case DISABLE, ALLOW -> Optional.empty();
                case PREFER, REQUIRE, VERIFY_CA, VERIFY_FULL -> Optional.of(new TlsNegotiation(enabled, address, outcome -> {
                    switch (outcome) {
                        case TlsNegotiation.Outcome.Secured _ -> write(open);
                        case TlsNegotiation.Outcome.RefusedByServer _ -> {
                            switch (enabled.mode()) {
                                case DISABLE, ALLOW, PREFER -> write(open);
                                case REQUIRE, VERIFY_CA, VERIFY_FULL -> end(End.SETTLED);
                            }
                        }
                        case TlsNegotiation.Outcome.Failed _ -> end(End.SETTLED);
                    }
                }));
            };
        }

        private void write(Channel open) {
            ByteBuf out = open.alloc().buffer();
            message.encode(out);
            sent = true;
            open.writeAndFlush(out, open.voidPromise());
        }

        private void lose() {
            end(sent ? End.IN_DOUBT : End.SETTLED);
        }

        private void end(End how) {
            if (state == State.ENDED) return;
            state = State.ENDED;
            deadline.ifPresent(timer -> timer.cancel(false));
            channel.ifPresent(Channel::close);
            whenOver.accept(how);
        }

        /// Waits for the server's close; whatever it says before is dropped.
        private final class Awaiter extends ChannelInboundHandlerAdapter {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object read) {
                ReferenceCountUtil.release(read);
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                end(End.SETTLED);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                lose();
            }
        }
    }
}
