package org.pgkeel.proxy.login;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.EnumSet;
import java.util.Set;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.tls.ServerTls;
import org.pgkeel.proxy.tls.TlsContexts;

/// How one client and the proxy agree, ahead of the StartupMessage, whether what they say is encrypted.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL>
///
/// | from      | event                                   | to                        |
/// |-----------|-----------------------------------------|---------------------------|
/// | Clear     | TLS begins with the first byte          | Handshake (direct)        |
/// | Clear     | SSLRequest, alone, TLS is on            | Handshake (negotiated)    |
/// | Clear     | SSLRequest, GSSENCRequest, answered `N` | Clear, each of them once  |
/// | Handshake | done (direct: ALPN agreed)              | Encrypted                 |
/// | Handshake | failed                                  | Handshake: the login ends |
/// | Encrypted | SSLRequest, GSSENCRequest               | a violation               |
///
/// Threading: confined to its channel's event loop.
final class Encryption {
    private static final byte TLS_HANDSHAKE_RECORD = 0x16;
    private static final byte YES = 'S';
    private static final byte NO = 'N';

    private enum Asked { TLS, GSS_ENCRYPTION }

    private enum HandshakeKind { NEGOTIATED, DIRECT }

    private sealed interface State {
        /// @param asked each request may come once
        record Clear(Set<Asked> asked) implements State {}

        record Handshake(HandshakeKind kind, ChannelBinding binding) implements State {}

        record Encrypted(ChannelBinding binding) implements State {}
    }

    /// What came of a handshake.
    sealed interface Shaken {
        record Agreed() implements Shaken {}

        /// Nobody can be told.
        record Failed(Throwable cause) implements Shaken {}

        /// Who begins with TLS has to name the protocol that follows: another one's client may have been led here.
        record WithoutAlpn() implements Shaken {}
    }

    private final ServerTls tls;
    private State state = new State.Clear(Set.of());

    Encryption(ServerTls tls) {
        this.tls = tls;
    }

    /// What comes is not the client's word yet.
    boolean isShakingHands() {
        return state instanceof State.Handshake;
    }

    /// Whether the client begins with TLS, without asking.
    /// @param input not empty
    boolean beginsDirectly(ByteBuf input) {
        return state instanceof State.Clear(var asked) && asked.isEmpty() && input.getByte(input.readerIndex()) == TLS_HANDSHAKE_RECORD;
    }

    /// Whether there is TLS for this client.
    boolean isOffered(ChannelHandlerContext ctx) {
        return tls instanceof ServerTls.Enabled && ClientConnection.kind(ctx) == ConnectionKind.TCP;
    }

    /// The client began with TLS, which is offered.
    /// @param ctx   of the login: TLS comes ahead of it
    /// @param hello its first bytes; released here
    void begin(ChannelHandlerContext ctx, ByteBuf hello) throws Exception {
        SslHandler handler = shakeHands(ctx, HandshakeKind.DIRECT);
        ChannelHandlerContext tlsCtx = ctx.pipeline().context(handler);
        handler.channelRead(tlsCtx, hello);   // through the new handler, as if it had just been read
        handler.channelReadComplete(tlsCtx);
    }

    /// @param behind what has come behind it
    /// @throws ProtocolViolation if it came before, or not alone
    void sslRequest(ChannelHandlerContext ctx, ByteBuf behind) {
        if (!isOffered(ctx)) {
            answerNo(ctx, Asked.TLS, behind);
            return;
        }
        refuseSecond(Asked.TLS);
        refuseClearBytes(behind, "SSLRequest");
        ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte(YES), ctx.voidPromise());
        shakeHands(ctx, HandshakeKind.NEGOTIATED);
    }

    /// As [#sslRequest]; there is none.
    void gssEncRequest(ChannelHandlerContext ctx, ByteBuf behind) {
        answerNo(ctx, Asked.GSS_ENCRYPTION, behind);
    }

    private SslHandler shakeHands(ChannelHandlerContext ctx, HandshakeKind kind) {
        if (!(tls instanceof ServerTls.Enabled(_, var context, var binding))) throw new IllegalStateException("there is no TLS");
        state = new State.Handshake(kind, binding);
        SslHandler handler = context.newHandler(ctx.alloc());
        ctx.pipeline().addBefore(ctx.name(), null, handler);
        return handler;
    }

    private void answerNo(ChannelHandlerContext ctx, Asked now, ByteBuf behind) {
        Set<Asked> before = refuseSecond(now);
        if (ClientConnection.kind(ctx) == ConnectionKind.TCP) refuseClearBytes(behind, now == Asked.TLS ? "SSLRequest" : "GSSENCRequest");
        ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte(NO), ctx.voidPromise());
        var both = EnumSet.of(now);
        both.addAll(before);
        state = new State.Clear(both);
    }

    /// @return what was asked for before
    private Set<Asked> refuseSecond(Asked now) {
        return switch (state) {
            case State.Clear(var asked) when !asked.contains(now) -> asked;
            case State.Clear _, State.Encrypted _ -> throw new ProtocolViolation("startup packet: " + now + " was asked for before");
            case State.Handshake _ -> throw new IllegalStateException("a request within a handshake");
        };
    }

    /// Clear bytes sent before the answer would be taken for the client's under TLS: somebody in between may have put them there
    /// (CVE-2021-23214).
    private static void refuseClearBytes(ByteBuf behind, String request) {
        if (behind.isReadable()) throw new ProtocolViolation("received unencrypted data after " + request);
    }

    Shaken shaken(ChannelHandlerContext ctx, SslHandshakeCompletionEvent end) {
        if (!(state instanceof State.Handshake(var kind, var binding))) throw new IllegalStateException("no handshake in " + state);
        if (!end.isSuccess()) return new Shaken.Failed(end.cause());
        if (kind == HandshakeKind.DIRECT && !TlsContexts.ALPN.equals(ctx.pipeline().get(SslHandler.class).applicationProtocol())) return new Shaken.WithoutAlpn();
        state = new State.Encrypted(binding);
        return new Shaken.Agreed();
    }

    /// What ties a proof to this connection.
    ChannelBinding binding() {
        return state instanceof State.Encrypted(var binding) ? binding : ChannelBinding.NONE;
    }
}
