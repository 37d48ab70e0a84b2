package org.pgkeel.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.TlsServerEndPoint;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.proxy.tls.BackendTls;

/// Asks a server for TLS and shakes hands. Leaves the pipeline when it is done; an SslHandler stays in its place.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL>
///
/// | from           | event                        | to                     |
/// |----------------|------------------------------|------------------------|
/// | AWAITING_REPLY | `S` alone                    | SHAKING_HANDS          |
/// | AWAITING_REPLY | `N` alone                    | ENDED: refused         |
/// | AWAITING_REPLY | more bytes, another, or none | ENDED: failed          |
/// | SHAKING_HANDS  | handshake done               | ENDED: secured         |
/// | SHAKING_HANDS  | handshake failed, closed     | ENDED: failed          |
///
/// It is added to a channel that is open already. Threading: confined to its channel's event loop.
final class TlsNegotiation extends ChannelInboundHandlerAdapter {
    /// How a negotiation ends.
    sealed interface Outcome {
        record Secured(ChannelBinding binding) implements Outcome {}

        /// The server answered `N`: it has no TLS, and the connection can go on without.
        record RefusedByServer() implements Outcome {}

        record Failed(BackendFailure failure) implements Outcome {}
    }

    private enum State { AWAITING_REPLY, SHAKING_HANDS, ENDED }

    private final BackendTls.Enabled tls;
    private final NodeAddress address;
    private final Consumer<Outcome> listener;
    private State state = State.AWAITING_REPLY;

    TlsNegotiation(BackendTls.Enabled tls, NodeAddress address, Consumer<Outcome> listener) {
        this.tls = tls;
        this.address = address;
        this.listener = listener;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ask(ctx);
    }

    private static void ask(ChannelHandlerContext ctx) {
        ByteBuf request = ctx.alloc().buffer(8);
        SslRequest.INSTANCE.encode(request);
        ctx.writeAndFlush(request, ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            switch (state) {
                case AWAITING_REPLY -> reply(ctx, in);
                // The server speaks first neither in TLS nor after it: bytes behind the handshake have no meaning here.
                case SHAKING_HANDS -> end(new Outcome.Failed(new BackendFailure.ProtocolBroken("data before the start-up packet")));
                case ENDED -> { }
            }
        } finally {
            ReferenceCountUtil.release(in);
        }
    }

    private void reply(ChannelHandlerContext ctx, ByteBuf in) {
        if (!in.isReadable()) return;
        byte answer = in.readByte();
        // Clear bytes behind the answer would be taken for the server's under TLS (CVE-2021-23222).
        if (in.isReadable()) {
            end(new Outcome.Failed(new BackendFailure.ProtocolBroken("clear data behind the answer to SSLRequest")));
            return;
        }
        switch (answer) {
            case 'S' -> {
                state = State.SHAKING_HANDS;
                SslHandler handler = tls.context().newHandler(ctx.alloc(), address.host(), address.port());
                handler.setHandshakeTimeoutMillis(0);   // the deadline of the whole connect holds
                ctx.pipeline().addBefore(ctx.name(), null, handler);
            }
            case 'N' -> {
                state = State.ENDED;
                ctx.pipeline().remove(this);
                listener.accept(new Outcome.RefusedByServer());
            }
            // Its text is not authentic, so it is not read (CVE-2024-10977).
            case 'E' -> end(new Outcome.Failed(new BackendFailure.Unreachable("the server answered SSLRequest with an error")));
            default -> end(new Outcome.Failed(new BackendFailure.ProtocolBroken("unknown answer to SSLRequest: byte " + answer)));
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (state == State.SHAKING_HANDS && event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                state = State.ENDED;
                ChannelBinding binding = binding(ctx.pipeline().get(SslHandler.class));
                ctx.pipeline().remove(this);
                listener.accept(new Outcome.Secured(binding));
            } else {
                end(new Outcome.Failed(tlsFailed(handshake.cause())));
            }
            return;
        }
        ctx.fireUserEventTriggered(event);
    }

    private static ChannelBinding binding(SslHandler handler) {
        try {
            return TlsServerEndPoint.of((X509Certificate) handler.engine().getSession().getPeerCertificates()[0]);
        } catch (SSLPeerUnverifiedException noCertificate) {
            return ChannelBinding.NONE;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        end(new Outcome.Failed(switch (state) {
            case AWAITING_REPLY -> new BackendFailure.Unreachable("the server closed the connection before it answered SSLRequest");
            case SHAKING_HANDS, ENDED -> new BackendFailure.TlsFailed("the server closed the connection during the TLS handshake");
        }));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        end(new Outcome.Failed(switch (state) {
            case AWAITING_REPLY -> new BackendFailure.Unreachable("the connection broke before SSLRequest was answered: " + reason(cause));
            case SHAKING_HANDS, ENDED -> tlsFailed(cause);
        }));
    }

    private void end(Outcome outcome) {
        if (state == State.ENDED) return;
        state = State.ENDED;
        listener.accept(outcome);
    }

    private static BackendFailure tlsFailed(Throwable cause) {
        boolean untrusted = false;
        for (Throwable each = cause; each != null; each = each.getCause()) untrusted |= each instanceof CertificateException;
        return new BackendFailure.TlsFailed((untrusted ? "the server's certificate is not trusted: " : "the TLS handshake failed: ") + reason(cause));
    }

    /// The innermost cause says what is wrong with the certificate.
    private static String reason(Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) root = root.getCause();
        String message = root.getMessage();
        return message == null ? root.getClass().getSimpleName() : message;
    }
}
