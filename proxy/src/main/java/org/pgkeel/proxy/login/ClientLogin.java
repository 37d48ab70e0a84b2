package org.pgkeel.proxy.login;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.wire.CancelRequest;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.GssEncRequest;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.StartupPacket;
import org.pgkeel.proxy.backend.Credential;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.tls.TlsContexts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client's way from its first byte to a proven name.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>
///
/// | from             | event                                     | to                                    |
/// |------------------|-------------------------------------------|---------------------------------------|
/// | New              | active, a place is free / none is free    | AwaitingStartup / Refused             |
/// | AwaitingStartup  | 0x16, SSLRequest, GSSENCRequest           | AwaitingStartup, see [Encryption]     |
/// | AwaitingStartup  | CancelRequest                             | Cancelling                            |
/// | AwaitingStartup  | StartupMessage, let in by `listen.tls`    | Authenticating                        |
/// | Authenticating   | proved                                    | Ended: the listener takes over        |
/// | Cancelling       | the listener is done                      | Ended: closed                         |
/// | any open         | violation, refusal, deadline              | Ended: told, and closed               |
/// | any open         | the client closes, Terminate              | Ended                                 |
///
/// Memory is bounded: what was read and not understood yet is at most one message and one read buffer. So is what logins have others do: a login
/// has its place among those under way until that is done, though its client has gone.
/// Threading: confined to its channel's event loop.
public final class ClientLogin extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ClientLogin.class);

    private sealed interface State {
        record New() implements State {}

        record AwaitingStartup(Encryption encryption) implements State {}

        record Authenticating(Authenticator authenticator) implements State {}

        record Cancelling() implements State {}

        record Ended() implements State {}
    }

    private final LoginPolicy policy;
    private final PendingLogins pending;
    private final RefusedLogins refused;
    private final LoginListener listener;
    private State state = new State.New();
    private PendingLogins.Place place = PendingLogins.Place.NONE;
    /// Calls when nobody works for this login any more.
    private Consumer<Runnable> atRest = Runnable::run;
    private Optional<Future<?>> deadline = Optional.empty();
    private ByteBuf input = Unpooled.EMPTY_BUFFER;

    /// @param policy  as it is now; a login goes on with the policy it began with
    /// @param pending shared by all logins of the process
    /// @param refused likewise
    public ClientLogin(LoginPolicy policy, PendingLogins pending, RefusedLogins refused, LoginListener listener) {
        this.policy = policy;
        this.pending = pending;
        this.refused = refused;
        this.listener = listener;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) begin(ctx);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        begin(ctx);
        ctx.fireChannelActive();
    }

    private void begin(ChannelHandlerContext ctx) {
        if (!(state instanceof State.New)) return;
        state = new State.AwaitingStartup(new Encryption(policy.tls()));
        if (policy.loginTimeout().isPositive()) {
            deadline = Optional.of(ctx.executor().schedule(() -> timeOut(ctx), policy.loginTimeout().toNanos(), TimeUnit.NANOSECONDS));
        }
        Optional<PendingLogins.Place> taken = pending.take(policy.pendingMax());
        if (taken.isPresent()) place = taken.get();
        else refuse(ctx, LoginRefusals.tooManyLogins(policy.pendingMax()), "limit reached");
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            switch (state) {
                case State.Ended _, State.Cancelling _ -> {
                    return;   // what comes behind the end has no reader
                }
                case State.New _, State.AwaitingStartup _, State.Authenticating _ -> keep(ctx, in);
            }
        } finally {
            ReferenceCountUtil.release(in);
        }
        work(ctx);
    }

    /// Copies: the buffer of the read belongs to the event loop.
    private void keep(ChannelHandlerContext ctx, ByteBuf in) {
        if (!input.isReadable()) {
            input.release();
            input = ctx.alloc().buffer(in.readableBytes());
        }
        input.writeBytes(in);
    }

    /// Takes what has come, as far as it goes.
    private void work(ChannelHandlerContext ctx) {
        try {
            boolean more = true;
            while (more) {
                more = switch (state) {
                    case State.AwaitingStartup(var encryption) -> startup(ctx, encryption);
                    case State.Authenticating(var authenticator) -> proof(ctx, authenticator);
                    case State.New _, State.Cancelling _, State.Ended _ -> false;
                };
            }
            // A client may send ahead (its first query with the login), but no more than a message while it is not read.
            if (!(state instanceof State.Ended)) ctx.channel().config().setAutoRead(input.readableBytes() <= waitingBytesMax());
        } catch (ProtocolViolation violation) {
            refuse(ctx, LoginRefusals.violation(violation.getMessage()), "protocol violation");
        }
    }

    private int waitingBytesMax() {
        return Math.max(policy.limits().startupBytes(), policy.limits().loginMessageBytes());
    }

    /// @return whether to look for more
    private boolean startup(ChannelHandlerContext ctx, Encryption encryption) {
        if (encryption.isShakingHands() || !input.isReadable()) return false;
        if (encryption.beginsDirectly(input)) {
            directTls(ctx, encryption);
            return false;
        }
        Optional<Refusal> otherVersion = StartupRequest.unsupported(input, policy.limits().startupBytes());
        if (otherVersion.isPresent()) {
            refuse(ctx, otherVersion.get(), "unsupported protocol");
            return false;
        }
        Optional<StartupPacket> packet = StartupPacket.decode(input, policy.limits().startupBytes());
        if (packet.isEmpty()) return false;
        switch (packet.get()) {
            case SslRequest _ -> encryption.sslRequest(ctx, input);
            case GssEncRequest _ -> encryption.gssEncRequest(ctx, input);
            case CancelRequest(var pid, var key) -> cancel(ctx, pid, key);
            case StartupMessage startup -> begin(ctx, startup, encryption);
        }
        return true;
    }

    private void directTls(ChannelHandlerContext ctx, Encryption encryption) {
        if (!encryption.isOffered(ctx)) {
            end(ctx, "direct TLS where there is no TLS");
            return;
        }
        ByteBuf hello = input;
        input = Unpooled.EMPTY_BUFFER;
        try {
            encryption.begin(ctx, hello);
        } catch (Exception broken) {
            exceptionCaught(ctx, broken);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!(state instanceof State.AwaitingStartup(var encryption)) || !encryption.isShakingHands() || !(event instanceof SslHandshakeCompletionEvent handshake)) {
            ctx.fireUserEventTriggered(event);
            return;
        }
        switch (encryption.shaken(ctx, handshake)) {
            case Encryption.Shaken.Agreed _ -> work(ctx);
            case Encryption.Shaken.Failed(var cause) -> end(ctx, "TLS handshake failed: " + cause);
            case Encryption.Shaken.WithoutAlpn _ -> refuse(ctx, LoginRefusals.violation("direct TLS connection without ALPN \"" + TlsContexts.ALPN + "\""), "no ALPN");
        }
    }

    private void cancel(ChannelHandlerContext ctx, int pid, byte[] key) {
        state = new State.Cancelling();
        listener.cancel(pid, key, ctx.channel()).whenComplete((_, _) -> {
            if (ctx.executor().inEventLoop()) end(ctx, "cancel delivered");
            else ctx.executor().execute(() -> end(ctx, "cancel delivered"));
        });
    }

    private void begin(ChannelHandlerContext ctx, StartupMessage startup, Encryption encryption) {
        var request = new StartupRequest(startup);
        request.negotiation().ifPresent(answer -> send(ctx, answer));
        Optional<AuthRules.Purpose> purpose = request.purpose();
        if (purpose.isEmpty()) {
            refuse(ctx, LoginRefusals.badReplication(), "parameter replication");
            return;
        }
        ConnectionKind kind = ClientConnection.kind(ctx);
        var subject = new AuthRules.Subject(startup.user(), startup.database(), purpose.get(), kind, ClientConnection.address(ctx));
        Optional<String> certificateName = ClientConnection.certificateName(ctx);
        AuthRules.Decision decision = policy.rules().decide(subject);
        Optional<Refusal> refusal = ClientConnection.refusal(policy.tls(), subject, certificateName, decision);
        if (refusal.isPresent()) {
            String why = "listen.tls or method = password";
            refused.tell(request, ClientConnection.address(ctx), refusal.get().reason(), why);
            refuse(ctx, refusal.get(), why);
            return;
        }
        var connection = new Authenticator.Connection(encryption.binding(), certificateName, ctx.executor());
        var authenticator = new Authenticator(policy.secrets(), subject, connection, policy.random(), client(ctx, request, kind));
        state = new State.Authenticating(authenticator);
        atRest = authenticator::whenAtRest;
        authenticator.start(decision.method());
    }

    private Authenticator.Client client(ChannelHandlerContext ctx, StartupRequest request, ConnectionKind kind) {
        return new Authenticator.Client() {
            @Override
            public void send(BackendMessage message) {
                ClientLogin.send(ctx, message);
            }

            @Override
            public void proved(Credential credential) {
                handOver(ctx, request.identity(kind, ClientConnection.address(ctx), credential));
            }

            @Override
            public void refuse(Refusal refusal, String why) {
                refused.tell(request, ClientConnection.address(ctx), refusal.reason(), why);
                ClientLogin.this.refuse(ctx, refusal, why);
            }

            @Override
            public void resume() {
                work(ctx);
            }
        };
    }

    /// @return whether to look for more
    private boolean proof(ChannelHandlerContext ctx, Authenticator authenticator) {
        if (!authenticator.takesMessages()) return false;
        Optional<Frame> frame = Frame.decode(input, this::loginBodyBytesMax);
        if (frame.isEmpty()) return false;
        try {
            if (frame.get().type() == FrontendType.TERMINATE) end(ctx, "the client gave up");
            else authenticator.message(frame.get().body());
        } finally {
            frame.get().release();
        }
        return true;
    }

    private int loginBodyBytesMax(byte type) {
        return switch (type) {
            case FrontendType.PASSWORD -> policy.limits().loginMessageBytes();
            case FrontendType.TERMINATE -> 0;
            default -> throw new ProtocolViolation("expected password response, got " + Frame.name(type));
        };
    }

    private void handOver(ChannelHandlerContext ctx, ClientIdentity identity) {
        state = new State.Ended();
        stopWaiting();
        // No buffer for nothing: whoever is to release it may be stopped before.
        ByteBuf early = input.isReadable() ? input.retain() : Unpooled.EMPTY_BUFFER;
        ctx.channel().config().setAutoRead(false);
        ctx.pipeline().remove(this);
        listener.authenticated(ctx.channel(), identity, early);
    }

    private void refuse(ChannelHandlerContext ctx, Refusal refusal, String why) {
        if (state instanceof State.Ended) return;
        leaveState();
        LOG.debug("login from {} refused: {} ({})", ClientConnection.address(ctx), refusal.reason().word(), why);
        // The place is kept, and the deadline stays: a client that does not read its refusal is closed by force.
        ByteBuf out = Unpooled.buffer();   // on the heap: there may be no other memory, and a write that fails closes the channel
        refusal.toMessage().encode(out);
        ctx.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
        listener.refused(refusal, ctx.channel());
    }

    private void timeOut(ChannelHandlerContext ctx) {
        switch (state) {
            case State.Authenticating _ -> {
                refuse(ctx, LoginRefusals.timeout(), "timeout");
                ctx.close();
            }
            case State.New _, State.AwaitingStartup _, State.Cancelling _, State.Ended _ -> end(ctx, "login timeout");
        }
    }

    private void end(ChannelHandlerContext ctx, String why) {
        if (!(state instanceof State.Ended)) LOG.debug("login from {} ended: {}", ClientConnection.address(ctx), why);
        leaveState();
        ctx.close();
    }

    private void leaveState() {
        if (state instanceof State.Authenticating(var authenticator)) authenticator.abandon();
        state = new State.Ended();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        leaveState();
        stopWaiting();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        stopWaiting();
        input.release();
        input = Unpooled.EMPTY_BUFFER;
    }

    private void stopWaiting() {
        deadline.ifPresent(timer -> timer.cancel(false));
        deadline = Optional.empty();
        // Whoever goes away leaves the work behind that it has made: a lookup, a password to be stretched.
        atRest.accept(place::leave);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        boolean peers = cause instanceof IOException || cause instanceof DecoderException;
        if (peers || state instanceof State.Ended) {
            end(ctx, cause.getClass().getSimpleName());
        } else if (cause instanceof OutOfMemoryError) {
            refuse(ctx, LoginRefusals.outOfMemory(), "out of memory");
        } else {
            LOG.error("bug in the login from {}", ClientConnection.address(ctx), cause);
            refuse(ctx, LoginRefusals.internalError(), "bug");
        }
    }

    private static void send(ChannelHandlerContext ctx, BackendMessage message) {
        ByteBuf out = ctx.alloc().buffer();
        message.encode(out);
        ctx.writeAndFlush(out, ctx.voidPromise());
    }
}
