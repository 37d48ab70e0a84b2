package org.pgkeel.proxy.tls;

import io.netty.handler.ssl.SslContext;
import org.pgkeel.proxy.config.TlsMode;

/// TLS towards PostgreSQL, ready to use.
public sealed interface BackendTls {

    /// `sslmode=disable`.
    record Disabled() implements BackendTls {}

    /// @param mode    any but `disable`
    /// @param context verifies what the mode asks for, but for the host's name, which belongs to the connection
    record Enabled(TlsMode mode, SslContext context) implements BackendTls {}
}
