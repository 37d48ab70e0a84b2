package org.pgkeel.protocol.auth;

import com.ongres.scram.common.ScramFunctions;
import com.ongres.scram.common.ScramMechanism;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// The arithmetic and the alphabet that both sides of SCRAM-SHA-256 share.
/// <https://www.rfc-editor.org/rfc/rfc5802#section-3>
final class Scram {
    static final String MECHANISM = "SCRAM-SHA-256";
    static final String MECHANISM_PLUS = "SCRAM-SHA-256-PLUS";
    static final int KEY_BYTES = 32;
    private static final ScramMechanism SHA_256 = ScramMechanism.SCRAM_SHA_256;
    /// As many as PostgreSQL takes (`SCRAM_RAW_NONCE_LEN`).
    private static final int NONCE_BYTES = 18;

    private Scram() {}

    /// PBKDF2 of the password, prepared as PostgreSQL does it.
    static byte[] saltedPassword(String password, byte[] salt, int iterations) {
        var work = new PBEKeySpec(PasswordPreparation.prepare(password).toCharArray(), salt, iterations, KEY_BYTES * Byte.SIZE);
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(work).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no PBKDF2", e);
        } finally {
            work.clearPassword();
        }
    }

    static byte[] clientKey(byte[] saltedPassword) {
        return ScramFunctions.clientKey(SHA_256, saltedPassword);
    }

    static byte[] serverKey(byte[] saltedPassword) {
        return ScramFunctions.serverKey(SHA_256, saltedPassword);
    }

    static byte[] storedKey(byte[] clientKey) {
        return ScramFunctions.storedKey(SHA_256, clientKey);
    }

    static byte[] hmac(byte[] key, byte[] message) {
        return ScramFunctions.hmac(SHA_256, key, message);
    }

    /// The signature of an exchange with one of its keys.
    static byte[] signature(byte[] key, String authMessage) {
        return hmac(key, Octets.ofText(authMessage).toArray());
    }

    static byte[] xor(byte[] left, byte[] right) {
        byte[] result = new byte[left.length];
        for (int i = 0; i < left.length; i++) result[i] = (byte) (left[i] ^ right[i]);
        return result;
    }

    /// Compares in a time that does not depend on where the difference is.
    static boolean equal(byte[] left, byte[] right) {
        return MessageDigest.isEqual(left, right);
    }

    static void checkKey(Octets key) {
        if (key.size() != KEY_BYTES) throw new IllegalArgumentException("a SCRAM key of " + key.size() + " bytes");
    }

    static String nonce(SecureRandom random) {
        byte[] raw = new byte[NONCE_BYTES];
        random.nextBytes(raw);
        return base64(raw);
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /// The bytes of a base64 text, or nothing if it is none. Only the canonical form counts.
    static Optional<byte[]> fromBase64(String text) {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            return base64(bytes).equals(text) ? Optional.of(bytes) : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    /// Printable ASCII without the comma, and not empty.
    static boolean isNonce(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7F && c != ',');
    }

    static ProtocolViolation malformed(String what) {
        return new ProtocolViolation("SCRAM: " + what);
    }
}
