package org.pgkeel.proxy.login;

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

/// What the connection itself says of a client.
final class ClientConnection {
    private ClientConnection() {}

    static ConnectionKind kind(ChannelHandlerContext ctx) {
        if (ctx.pipeline().get(SslHandler.class) != null) return ConnectionKind.TLS;
        SocketAddress address = ctx.channel().remoteAddress();
        boolean unix = address instanceof DomainSocketAddress || address instanceof UnixDomainSocketAddress;
        return unix ? ConnectionKind.UNIX_SOCKET : ConnectionKind.TCP;
    }

    /// A clear password travels in clear text only where a rule for unencrypted connections asks for it.
    static boolean mayCarry(AuthRules.Decision decision, ConnectionKind kind) {
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
