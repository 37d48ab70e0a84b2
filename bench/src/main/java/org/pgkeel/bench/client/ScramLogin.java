package org.pgkeel.bench.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/// The client's half of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), without channel binding.
/// <https://www.postgresql.org/docs/current/sasl-authentication.html>
///
/// The salted password is kept between logins: ten thousand idle clients would otherwise spend a minute in PBKDF2.
final class ScramLogin {
    private static final String GS2_HEADER = "n,,";
    private static final Map<String, byte[]> SALTED = new ConcurrentHashMap<>();
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String password;
    private final String nonce;

    ScramLogin(String password) {
        this.password = password;
        byte[] bytes = new byte[18];
        RANDOM.nextBytes(bytes);
        nonce = Base64.getEncoder().encodeToString(bytes);
    }

    /// PostgreSQL takes the user's name from the startup message and ignores the one here.
    String clientFirst() {
        return GS2_HEADER + clientFirstBare();
    }

    String clientFinal(String serverFirst) throws IOException {
        Map<Character, String> fields = fields(serverFirst);
        String serverNonce = fields.getOrDefault('r', "");
        if (!serverNonce.startsWith(nonce)) throw new IOException("SCRAM: the server's nonce does not begin with ours");
        byte[] salted = SALTED.computeIfAbsent(password + '\0' + fields.get('s') + '\0' + fields.get('i'),
                _ -> salted(Base64.getDecoder().decode(fields.get('s')), Integer.parseInt(fields.get('i'))));
        String withoutProof = "c=" + base64(GS2_HEADER.getBytes(StandardCharsets.UTF_8)) + ",r=" + serverNonce;
        String authMessage = clientFirstBare() + "," + serverFirst + "," + withoutProof;
        byte[] clientKey = hmac(salted, "Client Key");
        byte[] signature = hmac(sha256(clientKey), authMessage);
        byte[] proof = new byte[clientKey.length];
        for (int i = 0; i < proof.length; i++) proof[i] = (byte) (clientKey[i] ^ signature[i]);
        return withoutProof + ",p=" + base64(proof);
    }

    private String clientFirstBare() {
        return "n=,r=" + nonce;
    }

    private static Map<Character, String> fields(String message) throws IOException {
        var fields = new ConcurrentHashMap<Character, String>();
        for (String field : message.split(",")) {
            if (field.length() < 2 || field.charAt(1) != '=') throw new IOException("SCRAM: malformed " + message);
            fields.put(field.charAt(0), field.substring(2));
        }
        return fields;
    }

    private byte[] salted(byte[] salt, int iterations) {
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256)).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
