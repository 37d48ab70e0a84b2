package org.pgkeel.proxy.tls;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
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

/// TLS towards the REST API of one cluster's Patroni, for the JDK's HTTP client. Two are equal if the same was in their files, so that a renewed
/// certificate can be told from one that was read again. Threading: immutable.
public final class PatroniTls {
    private final PatroniConfig.Verify verify;
    /// Empty: those that the JDK trusts.
    private final List<X509Certificate> trusted;
    private final List<X509Certificate> chain;
    private final Optional<PrivateKey> key;
    private final Optional<SSLContext> context;

    /// @param cluster whose Patroni is meant, for messages
    /// @throws BrokenTlsFile if a file cannot be read or does not hold what it should
    public PatroniTls(String cluster, PatroniConfig.Tls config) {
        String section = "clusters." + cluster + ".patroni.tls";
        verify = config.verify();
        trusted = config.ca().map(file -> PemFiles.certificates(section + ".ca", file)).orElse(List.of());
        boolean shown = config.cert().isPresent() && config.key().isPresent();
        chain = shown ? PemFiles.certificates(section + ".cert", config.cert().get()) : List.of();
        key = shown ? Optional.of(PemFiles.privateKey(section + ".key", config.key().get())) : Optional.empty();
        key.ifPresent(mine -> PemFiles.requirePair(section, mine, chain));
        context = trusted.isEmpty() && !shown && verify == PatroniConfig.Verify.FULL ? Optional.empty() : Optional.of(make(section));
    }

    /// Empty if nothing is configured: then the JDK's own trust counts.
    public Optional<SSLContext> context() {
        return context;
    }

    private SSLContext make(String section) {
        try {
            var made = SSLContext.getInstance("TLS");
            made.init(keys(), new TrustManager[] {trust()}, null);
            return made;
        } catch (GeneralSecurityException | IOException broken) {
            throw new BrokenTlsFile(section + ": the files do not make a TLS client: " + broken.getMessage());
        }
    }

    private KeyManager[] keys() throws GeneralSecurityException, IOException {
        if (key.isEmpty()) return new KeyManager[0];
        var store = empty();
        store.setKeyEntry("patroni", key.get(), new char[0], chain.toArray(Certificate[]::new));
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    private TrustManager trust() throws GeneralSecurityException, IOException {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore store = null;
        if (!trusted.isEmpty()) {
            store = empty();
            int number = 0;
            for (X509Certificate each : trusted) store.setCertificateEntry("ca" + number++, each);
        }
        factory.init(store);
        X509TrustManager found = null;
        for (TrustManager each : factory.getTrustManagers()) if (each instanceof X509TrustManager x509) found = x509;
        if (found == null) throw new GeneralSecurityException("no trust manager");
        return verify == PatroniConfig.Verify.FULL ? found : new ChainOnly(found);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PatroniTls that && verify == that.verify && trusted.equals(that.trusted) && chain.equals(that.chain) && key.equals(that.key);
    }

    @Override
    public int hashCode() {
        return Objects.hash(verify, trusted, chain);
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
