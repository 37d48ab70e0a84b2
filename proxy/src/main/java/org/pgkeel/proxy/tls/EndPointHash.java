package org.pgkeel.proxy.tls;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.Optional;

/// The hash of a server certificate: the channel binding `tls-server-end-point` of SCRAM-SHA-256-PLUS.
/// <https://www.rfc-editor.org/rfc/rfc5929#section-4>
public final class EndPointHash {
    private final byte[] bytes;

    private EndPointHash(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /// By the hash of the certificate's own signature; MD5 and SHA-1 are raised to SHA-256. Empty where the signature
    /// names no hash (Ed25519): there is no channel binding with such a certificate.
    public static Optional<EndPointHash> of(X509Certificate certificate) {
        try {
            Optional<String> algorithm = digestAlgorithm(certificate);
            if (algorithm.isEmpty()) return Optional.empty();
            return Optional.of(new EndPointHash(MessageDigest.getInstance(algorithm.get()).digest(certificate.getEncoded())));
        } catch (GeneralSecurityException | IOException unknownAlgorithm) {
            return Optional.empty();
        }
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    private static Optional<String> digestAlgorithm(X509Certificate certificate) throws GeneralSecurityException, IOException {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        if (signature.equals("RSASSA-PSS")) {
            var parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            parameters.init(certificate.getSigAlgParams());
            return Optional.of(raised(parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm()));
        }
        int with = signature.indexOf("WITH");
        return with < 0 ? Optional.empty() : Optional.of(raised(signature.substring(0, with)));
    }

    private static String raised(String digest) {
        return switch (digest) {
            case "MD5", "SHA1", "SHA-1" -> "SHA-256";
            case "SHA224" -> "SHA-224";
            case "SHA256" -> "SHA-256";
            case "SHA384" -> "SHA-384";
            case "SHA512" -> "SHA-512";
            default -> digest;
        };
    }
}
