package org.pgkeel.protocol.auth;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgkeel.protocol.wire.Octets;

/// What a server keeps of a password: enough to check a proof, not enough to make one.
/// <https://www.postgresql.org/docs/current/catalog-pg-authid.html>
public record ScramVerifier(int iterations, Octets salt, Octets storedKey, Octets serverKey) {
    /// PostgreSQL's default (`scram_iterations`).
    public static final int ITERATIONS_DEFAULT = 4096;
    /// As many as PostgreSQL takes.
    public static final int SALT_BYTES = 16;
    private static final Pattern SECRET =
            Pattern.compile("SCRAM-SHA-256\\$([1-9][0-9]{0,9}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");

    public ScramVerifier {
        if (iterations < 1) throw new IllegalArgumentException(iterations + " SCRAM iterations");
        if (salt.size() == 0) throw new IllegalArgumentException("an empty SCRAM salt");
        Scram.checkKey(storedKey);
        Scram.checkKey(serverKey);
    }

    /// Reads the form in which PostgreSQL keeps it: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.
    /// Nothing if the text is anything else, a plain password perhaps.
    public static Optional<ScramVerifier> parse(String secret) {
        Matcher matcher = SECRET.matcher(secret);
        if (!matcher.matches()) return Optional.empty();
        Optional<byte[]> salt = Scram.fromBase64(matcher.group(2));
        Optional<byte[]> storedKey = Scram.fromBase64(matcher.group(3)).filter(key -> key.length == Scram.KEY_BYTES);
        Optional<byte[]> serverKey = Scram.fromBase64(matcher.group(4)).filter(key -> key.length == Scram.KEY_BYTES);
        long iterations = Long.parseLong(matcher.group(1));
        if (salt.isEmpty() || storedKey.isEmpty() || serverKey.isEmpty() || iterations > Integer.MAX_VALUE) {
            return Optional.empty();
        }
        return Optional.of(new ScramVerifier((int) iterations, Octets.of(salt.get()), Octets.of(storedKey.get()),
                Octets.of(serverKey.get())));
    }

    /// Computes it from the password. This is meant to be slow, milliseconds at 4096 iterations: once per password, not per login.
    public static ScramVerifier derive(String password, Octets salt, int iterations) {
        byte[] salted = Scram.saltedPassword(password, salt.toArray(), iterations);
        return new ScramVerifier(iterations, salt, Octets.of(Scram.storedKey(Scram.clientKey(salted))),
                Octets.of(Scram.serverKey(salted)));
    }

    /// The verifier of a user who does not exist. The exchange runs like any other, with the same messages and the same work, and
    /// never succeeds: nobody knows a client key whose hash is this stored key.
    /// The salt is the same each time, like that of a real user.
    /// @param serverSecret random bytes that the server keeps to itself; if they survive restarts, so do the salts
    /// @param iterations   those of the real users
    public static ScramVerifier mock(Octets serverSecret, String user, int iterations) {
        return new ScramVerifier(iterations, saltOf(serverSecret, user), keyed(serverSecret, "StoredKey", user),
                keyed(serverSecret, "ServerKey", user));
    }

    /// The salt of this user when [#mock] plays it. Deriving the verifiers of real users with it too hides who is real across restarts.
    public static Octets saltOf(Octets serverSecret, String user) {
        return Octets.of(Arrays.copyOf(keyed(serverSecret, "salt", user).toArray(), SALT_BYTES));
    }

    private static Octets keyed(Octets serverSecret, String purpose, String user) {
        return Octets.of(Scram.hmac(serverSecret.toArray(), Octets.ofText(purpose + '\0' + user).toArray()));
    }

    /// The form in which PostgreSQL keeps it.
    public String secret() {
        return Scram.MECHANISM + '$' + iterations + ':' + Scram.base64(salt.toArray()) + '$'
                + Scram.base64(storedKey.toArray()) + ':' + Scram.base64(serverKey.toArray());
    }

    /// Whether this is the password's verifier.
    public boolean matches(String password) {
        ScramVerifier derived = derive(password, salt, iterations);
        return Scram.equal(storedKey.toArray(), derived.storedKey.toArray());
    }

    /// Without salt and keys: an attacker could try passwords against them.
    @Override public String toString() {
        return "ScramVerifier[" + iterations + " iterations]";
    }
}
