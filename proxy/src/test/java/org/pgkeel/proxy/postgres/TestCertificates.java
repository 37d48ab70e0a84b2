package org.pgkeel.proxy.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A certificate authority of the tests, in PEM files of one folder: `ca.crt`, and pairs that it signed.
///
/// @param folder holds `ca.crt`, `server.crt`, `server.key` (for localhost and 127.0.0.1), `certuser.crt`, `certuser.key`
public record TestCertificates(Path folder, X509Certificate ca, PrivateKey caKey) {
    private static final Duration VALID = Duration.ofDays(30);

    /// @param cert PEM certificate
    /// @param key  PEM private key, PKCS #8, without a password
    public record Pair(Path cert, Path key) {}

    /// Makes a new authority, the server's pair and the pair of [PostgresFixture#CERT_USER].
    public static TestCertificates create(Path folder) {
        KeyPair keys = newKeys();
        X509Certificate ca = sign("PgKeel test CA", keys, "PgKeel test CA", keys.getPrivate(), true, VALID);
        writePem(folder.resolve("ca.crt"), "CERTIFICATE", encoded(ca));
        var made = new TestCertificates(folder, ca, keys.getPrivate());
        made.issue("server", "localhost");
        made.issue(PostgresFixture.CERT_USER, PostgresFixture.CERT_USER);
        return made;
    }

    public Path caCert() {
        return folder.resolve("ca.crt");
    }

    public Pair server() {
        return pair("server");
    }

    /// For a TLS server in this JVM, with the server's pair; it trusts clients of this authority.
    public SSLContext serverContext() {
        try {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            String pem = Files.readString(server().key()).replaceAll("-----[A-Z ]+-----|\\s", "");
            var key = KeyFactory.getInstance(caKey.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
            try (var chain = Files.newInputStream(server().cert())) {
                store.setKeyEntry("server", key, new char[0], CertificateFactory.getInstance("X.509").generateCertificates(chain).toArray(Certificate[]::new));
            }
            var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, new char[0]);
            var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            trusted.setCertificateEntry("ca", ca);
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            var context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public Pair certUser() {
        return pair(PostgresFixture.CERT_USER);
    }

    /// A further pair, signed by this authority, valid for localhost, in the files `NAME.crt` and `NAME.key`.
    public Pair issue(String name, String commonName) {
        return issue(name, commonName, VALID);
    }

    /// @param valid from now on; below zero: not any more
    public Pair issue(String name, String commonName, Duration valid) {
        KeyPair keys = newKeys();
        X509Certificate certificate = sign(commonName, keys, "PgKeel test CA", caKey, false, valid);
        Pair pair = pair(name);
        writePem(pair.cert(), "CERTIFICATE", encoded(certificate));
        writePem(pair.key(), "PRIVATE KEY", keys.getPrivate().getEncoded());
        return pair;
    }

    private Pair pair(String name) {
        return new Pair(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");   // pgjdbc reads PEM keys as RSA unless told otherwise
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509Certificate sign(String subject, KeyPair keys, String issuer, PrivateKey issuerKey, boolean authority, Duration valid) {
        try {
            Instant now = Instant.now();
            var builder = new JcaX509v3CertificateBuilder(new X500Principal("CN=" + issuer), new BigInteger(64, new SecureRandom()),
                    Date.from(now.minus(90, ChronoUnit.DAYS)), Date.from(now.plus(valid)), new X500Principal("CN=" + subject), keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (!authority) {
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
                    new GeneralName(GeneralName.dNSName, "localhost"), new GeneralName(GeneralName.iPAddress, "127.0.0.1")}));
            }
            return new JcaX509CertificateConverter().getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(issuerKey)));
        } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void writePem(Path file, String type, byte[] content) {
        String body = Base64.getMimeEncoder(64, "\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)).encodeToString(content);
        try {
            Files.writeString(file, "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(type.equals("CERTIFICATE") ? "rw-r--r--" : "rw-------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
