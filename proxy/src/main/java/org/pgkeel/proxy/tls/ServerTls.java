package org.pgkeel.proxy.tls;

import io.netty.handler.ssl.SslContext;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.proxy.config.TlsMode;

/// TLS towards clients, ready to use.
public sealed interface ServerTls {

    /// `listen.tls.mode = disable`: every SSLRequest is answered `N`.
    record Disabled() implements ServerTls {}

    /// @param mode    any but `disable`
    /// @param context makes engines that offer ALPN `postgresql`
    /// @param binding of connections with the server certificate, for SCRAM-SHA-256-PLUS
    record Enabled(TlsMode mode, SslContext context, ChannelBinding binding) implements ServerTls {}
}
