package org.pgkeel.proxy.tls;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.pgkeel.protocol.auth.TlsServerEndPoint;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;
import org.pgkeel.proxy.config.TlsMode;

/// Builds TLS contexts from PEM files: OpenSSL's where its library is there, else the JDK's. TLS 1.2 or newer.
/// <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>
public final class TlsContexts {
    /// The ALPN name of the PostgreSQL protocol.
    public static final String ALPN = "postgresql";
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private TlsContexts() {}

    /// @throws BrokenTlsFile if a file cannot be read or does not hold what it should
    public static ServerTls server(ServerTlsConfig config) {
        if (config.mode() == TlsMode.DISABLE) return new ServerTls.Disabled();
        var chain = PemFiles.certificates("listen.tls.cert", needed("listen.tls.cert", config.cert()));
        var key = PemFiles.privateKey("listen.tls.key", needed("listen.tls.key", config.key()));
        PemFiles.requirePair("listen.tls", key, chain);
        try {
            var builder = SslContextBuilder.forServer(key, chain).sslProvider(provider()).protocols(PROTOCOLS)
                    .applicationProtocolConfig(new ApplicationProtocolConfig(Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE,
                            SelectedListenerFailureBehavior.ACCEPT, List.of(ALPN)))
                    .clientAuth(clientAuth(config));
            config.ca().ifPresent(ca -> builder.trustManager(PemFiles.certificates("listen.tls.ca", ca)));
            return new ServerTls.Enabled(config.mode(), builder.build(), TlsServerEndPoint.of(chain.getFirst()));
        } catch (SSLException | IllegalArgumentException broken) {
            throw new BrokenTlsFile("listen.tls: key and certificate do not make a TLS server: " + broken.getMessage());
        }
    }

    /// As libpq: the chain is verified as soon as there is a `ca`, whatever the mode; the name only by `verify-full`.
    ///
    /// @param cluster whose servers are meant, for messages
    /// @throws BrokenTlsFile if a file cannot be read or does not hold what it should
    public static BackendTls client(String cluster, BackendTlsConfig config) {
        String section = "clusters." + cluster + ".tls";
        if (config.mode() == TlsMode.DISABLE) return new BackendTls.Disabled();
        boolean verifies = config.mode() == TlsMode.VERIFY_CA || config.mode() == TlsMode.VERIFY_FULL;
        if (verifies) needed(section + ".ca", config.ca());
        try {
            var builder = SslContextBuilder.forClient().sslProvider(provider()).protocols(PROTOCOLS)
                    .endpointIdentificationAlgorithm(config.mode() == TlsMode.VERIFY_FULL ? "HTTPS" : null);
            if (config.ca().isPresent()) builder.trustManager(PemFiles.certificates(section + ".ca", config.ca().get()));
            else builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
            if (config.cert().isPresent()) {
                var key = PemFiles.privateKey(section + ".key", needed(section + ".key", config.key()));
                var chain = PemFiles.certificates(section + ".cert", config.cert().get());
                PemFiles.requirePair(section, key, chain);
                builder.keyManager(key, chain);
            }
            return new BackendTls.Enabled(config.mode(), builder.build());
        } catch (SSLException | IllegalArgumentException broken) {
            throw new BrokenTlsFile(section + ": the files do not make a TLS client: " + broken.getMessage());
        }
    }

    private static ClientAuth clientAuth(ServerTlsConfig config) {
        return switch (config.mode()) {
            case DISABLE, ALLOW, PREFER, REQUIRE -> config.ca().isPresent() ? ClientAuth.OPTIONAL : ClientAuth.NONE;
            case VERIFY_CA, VERIFY_FULL -> {
                needed("listen.tls.ca", config.ca());
                yield ClientAuth.REQUIRE;
            }
        };
    }

    // Both providers free their engines with the garbage collector: a reload needs no count of who still uses a context.
    private static SslProvider provider() {
        return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    }

    private static Path needed(String key, Optional<Path> file) {
        return file.orElseThrow(() -> new BrokenTlsFile(key + ": needed by the mode, but not set"));
    }
}
