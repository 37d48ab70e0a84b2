package org.pgkeel.protocol.auth;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidParameterSpecException;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.Optional;
import org.pgkeel.protocol.wire.Octets;

/// The channel binding type `tls-server-end-point`, the only one that PostgreSQL knows: a hash of the server's certificate.
/// <https://www.rfc-editor.org/rfc/rfc5929#section-4.1>
public record TlsServerEndPoint(Octets certificateHash) implements ChannelBinding {
    static final String NAME = "tls-server-end-point";
    private static final String PSS = "RSASSA-PSS";

    /// The binding of connections to the server with this certificate. [ChannelBinding#NONE] if its signature algorithm
    /// names no hash function (Ed25519, Ed448): RFC 5929 leaves those undefined.
    public static ChannelBinding of(X509Certificate certificate) {
        return bindingData(certificate).<ChannelBinding>map(TlsServerEndPoint::new).orElse(NONE);
    }

    /// The hash alone, if it is defined.
    static Optional<Octets> bindingData(X509Certificate certificate) {
        return hashAlgorithm(certificate).map(algorithm -> {
            try {
                return Octets.of(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
            } catch (CertificateEncodingException | NoSuchAlgorithmException e) {
                throw new IllegalStateException("cannot hash a certificate with " + algorithm, e);
            }
        });
    }

    /// Of an RSASSA-PSS signature the hash function is a parameter, of all others it is part of the name.
    private static Optional<String> hashAlgorithm(X509Certificate certificate) {
        String name = certificate.getSigAlgName();
        if (!name.equals(PSS)) return hashAlgorithm(name);
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance(PSS);
            parameters.init(certificate.getSigAlgParams());
            return hashOf(parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm());
        } catch (IOException | NoSuchAlgorithmException | InvalidParameterSpecException e) {
            throw new IllegalStateException("cannot read the signature parameters of a certificate", e);
        }
    }

    /// The hash function of a signature algorithm such as `SHA384withECDSA`.
    static Optional<String> hashAlgorithm(String signatureAlgorithm) {
        String name = signatureAlgorithm.toUpperCase(Locale.ROOT);
        int with = name.indexOf("WITH");
        return with < 0 ? Optional.empty() : hashOf(name.substring(0, with));
    }

    /// SHA-256 in place of MD5 and SHA-1.
    private static Optional<String> hashOf(String digest) {
        return switch (digest.replace("-", "")) {
            case "MD5", "SHA1", "SHA256" -> Optional.of("SHA-256");
            case "SHA224" -> Optional.of("SHA-224");
            case "SHA384" -> Optional.of("SHA-384");
            case "SHA512" -> Optional.of("SHA-512");
            default -> Optional.empty();
        };
    }
}
