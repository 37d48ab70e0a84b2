package org.pgkeel.proxy.tls;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.pgkeel.proxy.config.PatroniConfig;

/// TLS towards Patroni's REST API, for the JDK's HTTP client. Threading: immutable.
public final class PatroniTls {
    private PatroniTls() {}

    /// Empty if nothing is configured: then the JDK's own trust counts.
    /// @throws BrokenTlsFile if a file cannot be read or does not hold what it should
    public static Optional<SSLContext> context(PatroniConfig.Tls config) {
        if (config.ca().isEmpty() && config.cert().isEmpty() && config.verify() == PatroniConfig.Verify.FULL) return Optional.empty();
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(keys(config), new TrustManager[] {trust(config)}, null);
            return Optional.of(context);
        } catch (GeneralSecurityException | IOException broken) {
            throw new BrokenTlsFile("patroni.tls: the files do not make a TLS client: " + broken.getMessage());
        }
    }

    private static KeyManager[] keys(PatroniConfig.Tls config) throws GeneralSecurityException, IOException {
        if (config.cert().isEmpty() || config.key().isEmpty()) return new KeyManager[0];
        var store = empty();
        store.setKeyEntry("patroni", PemFiles.privateKey("patroni.tls.key", config.key().get()), new char[0],
                PemFiles.certificates("patroni.tls.cert", config.cert().get()).toArray(Certificate[]::new));
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    private static TrustManager trust(PatroniConfig.Tls config) throws GeneralSecurityException, IOException {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore store = null;
        if (config.ca().isPresent()) {
            store = empty();
            int number = 0;
            for (X509Certificate each : PemFiles.certificates("patroni.tls.ca", config.ca().get())) store.setCertificateEntry("ca" + number++, each);
        }
        factory.init(store);
        X509TrustManager trust = null;
        for (TrustManager each : factory.getTrustManagers()) if (each instanceof X509TrustManager found) trust = found;
        if (trust == null) throw new GeneralSecurityException("no trust manager");
        return config.verify() == PatroniConfig.Verify.FULL ? trust : new ChainOnly(trust);
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        return store;
    }

    /// Checks the chain and not the host's name: the JDK leaves that to an extended trust manager.
    private static final class ChainOnly extends X509ExtendedTrustManager {
        private final X509TrustManager chain;

        ChainOnly(X509TrustManager chain) {
            this.chain = chain;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] given, String type) throws CertificateException {
            chain.checkClientTrusted(given, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] given, String type) throws CertificateException {
            chain.checkServerTrusted(given, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] given, String type, Socket socket) throws CertificateException {
            chain.checkClientTrusted(given, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] given, String type, Socket socket) throws CertificateException {
            chain.checkServerTrusted(given, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] given, String type, SSLEngine engine) throws CertificateException {
            chain.checkClientTrusted(given, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] given, String type, SSLEngine engine) throws CertificateException {
            chain.checkServerTrusted(given, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return chain.getAcceptedIssuers();
        }
    }
}
