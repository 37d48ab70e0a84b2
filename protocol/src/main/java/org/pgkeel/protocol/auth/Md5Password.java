package org.pgkeel.protocol.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.pgkeel.protocol.wire.Octets;

/// MD5 password authentication: `md5(md5(password user) salt)`. Weak, and kept because old servers and user lists have it.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>
public final class Md5Password {
    private static final String PREFIX = "md5";
    private static final Pattern SECRET = Pattern.compile("md5[0-9a-f]{32}");

    private Md5Password() {}

    /// Whether the text is in the form in which PostgreSQL keeps an MD5 password.
    public static boolean isSecret(String text) {
        return SECRET.matcher(text).matches();
    }

    /// The form in which PostgreSQL keeps it: `md5` and the hash of password and user.
    public static String secret(String password, String user) {
        return PREFIX + hash((password + user).getBytes(StandardCharsets.UTF_8));
    }

    /// The client's answer to AuthenticationMD5Password.
    /// @param passwordOrSecret the plain password, or what [#secret] makes of it
    public static String response(String passwordOrSecret, String user, Octets salt) {
        String secret = isSecret(passwordOrSecret) ? passwordOrSecret : secret(passwordOrSecret, user);
        byte[] inner = secret.substring(PREFIX.length()).getBytes(StandardCharsets.US_ASCII);
        byte[] outer = Arrays.copyOf(inner, inner.length + salt.size());
        System.arraycopy(salt.toArray(), 0, outer, inner.length, salt.size());
        return PREFIX + hash(outer);
    }

    /// Whether the client's response to this salt is that of the password. Takes the same time wherever the difference is.
    /// @param passwordOrSecret as kept by the server
    public static boolean matches(String passwordOrSecret, String user, Octets salt, String response) {
        return MessageDigest.isEqual(response(passwordOrSecret, user, salt).getBytes(StandardCharsets.UTF_8),
                response.getBytes(StandardCharsets.UTF_8));
    }

    private static String hash(byte[] input) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(input));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no MD5", e);
        }
    }
}
