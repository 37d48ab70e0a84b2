package org.pgkeel.proxy.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads certificates and private keys as operators keep them: PEM, keys in PKCS#8 (`PRIVATE KEY`), PKCS#1
/// (`RSA PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`). Keys with a passphrase are refused: a server starts without an operator.
final class PemFiles {
    private static final Pattern PRIVATE_KEY =
            Pattern.compile("-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----([^-]*)-----END \\1-----");

    private PemFiles() {}

    /// @param key the key of the configuration, for messages
    static List<X509Certificate> certificates(String key, Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> chain = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast).toList();
            if (chain.isEmpty()) throw new BrokenTlsFile(key + ": no certificate in " + file);
            return chain;
        } catch (IOException unreadable) {
            throw unreadable(key, file, unreadable);
        } catch (GeneralSecurityException malformed) {
            throw new BrokenTlsFile(key + ": not a PEM certificate: " + file);
        }
    }

    /// @param key the key of the configuration, for messages
    static PrivateKey privateKey(String key, Path file) {
        Matcher pem = PRIVATE_KEY.matcher(text(key, file));
        if (!pem.find()) throw new BrokenTlsFile(key + ": no PEM private key in " + file);
        try {
            byte[] der = Base64.getMimeDecoder().decode(pem.group(2));
            return switch (pem.group(1)) {
                case "PRIVATE KEY" -> pkcs8(der);
                case "RSA PRIVATE KEY" -> pkcs8(Pkcs8.wrapRsa(der));
                case "EC PRIVATE KEY" -> pkcs8(Pkcs8.wrapEc(der));
                default -> throw new BrokenTlsFile(key + ": a " + pem.group(1) + " cannot be used, only one without a passphrase: " + file);
            };
        } catch (GeneralSecurityException | IllegalArgumentException malformed) {
            // The cause is left out: its message may quote key material.
            throw new BrokenTlsFile(key + ": the private key cannot be read: " + file);
        }
    }

    /// @param section of the configuration that has both, for the message
    /// @throws BrokenTlsFile if they are of different pairs, as when one of two files has been renewed: no handshake would succeed
    static void requirePair(String section, PrivateKey key, List<X509Certificate> chain) {
        if (!isPair(key, chain.getFirst().getPublicKey())) throw new BrokenTlsFile(section + ": " + section + ".key is not the key of the first certificate in " + section + ".cert");
    }

    static boolean isPair(PrivateKey key, PublicKey its) {
        if (key instanceof RSAKey || its instanceof RSAKey) return key instanceof RSAKey mine && its instanceof RSAKey shown && mine.getModulus().equals(shown.getModulus());
        try {
            var signature = Signature.getInstance(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "EdDSA");
            signature.initSign(key);
            signature.update(its.getEncoded());
            byte[] signed = signature.sign();
            signature.initVerify(its);
            signature.update(its.getEncoded());
            return signature.verify(signed);
        } catch (GeneralSecurityException differentKinds) {
            return false;
        }
    }

    private static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
        for (String algorithm : List.of("RSA", "EC", "RSASSA-PSS", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (InvalidKeySpecException anotherAlgorithm) {
                // The next one is tried; after the last one the caller is told.
            }
        }
        throw new InvalidKeySpecException("no algorithm reads it");
    }

    private static String text(String key, Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException unreadable) {
            throw unreadable(key, file, unreadable);
        }
    }

    private static BrokenTlsFile unreadable(String key, Path file, IOException cause) {
        return new BrokenTlsFile(key + ": cannot read " + file + " (" + cause.getClass().getSimpleName() + ")");
    }
}
