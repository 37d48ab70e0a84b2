package org.pgkeel.proxy.tls;

import io.netty.handler.ssl.SslContext;
import java.util.Optional;
import org.pgkeel.proxy.config.TlsMode;

/// TLS towards clients, ready to use.
public sealed interface ServerTls {

    /// `listen.tls.mode = disable`: every SSLRequest is answered `N`.
    record Disabled() implements ServerTls {}

    /// @param mode         any but `disable`
    /// @param context      makes engines that offer ALPN `postgresql`
    /// @param endPointHash of the server certificate, for SCRAM-SHA-256-PLUS; empty where its signature names no hash
    record Enabled(TlsMode mode, SslContext context, Optional<EndPointHash> endPointHash) implements ServerTls {}
}
