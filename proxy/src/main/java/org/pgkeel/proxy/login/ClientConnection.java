package org.pgkeel.proxy.login;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.SslHandler;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AuthRule;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.tls.ServerTls;

/// What the connection itself says of a client.
final class ClientConnection {
    private ClientConnection() {}

    static ConnectionKind kind(ChannelHandlerContext ctx) {
        if (ctx.pipeline().get(SslHandler.class) != null) return ConnectionKind.TLS;
        SocketAddress address = address(ctx);
        boolean unix = address instanceof DomainSocketAddress || address instanceof UnixDomainSocketAddress;
        return unix ? ConnectionKind.UNIX_SOCKET : ConnectionKind.TCP;
    }

    /// The client's address. The clients of a Unix-domain socket have none, so they are named by the socket.
    static SocketAddress address(ChannelHandlerContext ctx) {
        for (Channel channel = ctx.channel(); channel != null; channel = channel.parent()) {
            if (channel == ctx.channel() && channel.remoteAddress() != null) return channel.remoteAddress();
            if (channel.localAddress() != null) return channel.localAddress();
        }
        throw new IllegalStateException("a client without any address");
    }

    /// What the connection itself forbids, before anything is proved over it.
    static Optional<Refusal> refusal(ServerTls tls, AuthRules.Subject subject, Optional<String> certificateName, AuthRules.Decision decision) {
        Optional<Refusal> byTls = byListenTls(tls, subject, certificateName);
        if (byTls.isPresent() || mayCarry(decision, subject.kind())) return byTls;
        return Optional.of(LoginRefusals.clearPasswordForbidden(subject));
    }

    private static Optional<Refusal> byListenTls(ServerTls tls, AuthRules.Subject subject, Optional<String> certificateName) {
        if (!(tls instanceof ServerTls.Enabled(TlsMode mode, _, _)) || subject.kind() == ConnectionKind.UNIX_SOCKET) return Optional.empty();
        return switch (mode) {
            case DISABLE, ALLOW, PREFER -> Optional.empty();
            case REQUIRE, VERIFY_CA -> subject.kind() == ConnectionKind.TLS ? Optional.empty() : Optional.of(LoginRefusals.tlsNeeded(subject));
            case VERIFY_FULL -> {
                if (subject.kind() != ConnectionKind.TLS) yield Optional.of(LoginRefusals.tlsNeeded(subject));
                yield certificateName.equals(Optional.of(subject.user())) ? Optional.empty() : Optional.of(LoginRefusals.badCertificate(subject.user()));
            }
        };
    }

    /// A clear password travels in clear text only where a rule for unencrypted connections asks for it.
    private static boolean mayCarry(AuthRules.Decision decision, ConnectionKind kind) {
        boolean explicit = decision.rule().map(rule -> rule.connection() == AuthRule.Connection.HOSTNOSSL).orElse(false);
        return decision.method() != AuthMethod.PASSWORD || kind != ConnectionKind.TCP || explicit;
    }

    /// The common name of the client's certificate, which the handshake has verified; empty if it showed none, or if the
    /// subject has not exactly one.
    static Optional<String> certificateName(ChannelHandlerContext ctx) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (tls == null) return Optional.empty();
        try {
            var certificate = (X509Certificate) tls.engine().getSession().getPeerCertificates()[0];
            List<String> names = new LdapName(certificate.getSubjectX500Principal().getName()).getRdns().stream()
                    .filter(rdn -> rdn.getType().equalsIgnoreCase("CN")).map(Rdn::getValue)
                    .filter(String.class::isInstance).map(String.class::cast).toList();
            return names.size() == 1 ? Optional.of(names.getFirst()) : Optional.empty();
        } catch (SSLPeerUnverifiedException | InvalidNameException none) {
            return Optional.empty();
        }
    }
}
