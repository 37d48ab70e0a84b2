package org.pgkeel.protocol.auth;

import java.security.SecureRandom;
import java.util.List;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. Each step returns the next state, so that steps cannot be taken
/// out of order. A server that cannot prove that it knows the password is refused.
/// <https://www.postgresql.org/docs/current/sasl-authentication.html#SASL-SCRAM-SHA-256>
///
/// | from        | event                                    | to                         |
/// |-------------|------------------------------------------|----------------------------|
/// | (begin)     | the server's mechanisms                  | ScramClient: send first    |
/// | ScramClient | server-first, iterations within bounds   | Answer: send final         |
/// | Answer      | server-final, right signature            | done                       |
/// | any         | malformed, out of bounds, wrong signature | [ProtocolViolation]       |
///
/// Threading: immutable.
public final class ScramClient {
    /// Enough for every setting in use, and a fraction of a second of work.
    public static final int ITERATIONS_MAX_DEFAULT = 100_000;

    private final ScramSecret secret;
    private final ChannelBinding binding;
    private final Gs2Header header;
    private final String nonce;
    private final int iterationsMax;

    ScramClient(ScramSecret secret, ChannelBinding binding, Gs2Header header, String nonce, int iterationsMax) {
        this.secret = secret;
        this.binding = binding;
        this.header = header;
        this.nonce = nonce;
        this.iterationsMax = iterationsMax;
    }

    /// Begins an exchange with the strongest mechanism that both sides have.
    /// @param offered       the names in AuthenticationSASL
    /// @param binding       of the connection to the server
    /// @param iterationsMax the most work that a server may ask for
    /// @throws ProtocolViolation if no offered mechanism is known
    public static ScramClient begin(List<String> offered, ScramSecret secret, ChannelBinding binding, int iterationsMax,
                                    SecureRandom random) {
        return new ScramClient(secret, binding, Gs2Header.of(flag(offered, binding)), Scram.nonce(random), iterationsMax);
    }

    private static Gs2Header.Flag flag(List<String> offered, ChannelBinding binding) {
        boolean plus = offered.contains(Scram.MECHANISM_PLUS);
        if (plus && binding instanceof TlsServerEndPoint) return Gs2Header.Flag.BOUND;
        if (!offered.contains(Scram.MECHANISM)) throw Scram.malformed("none of the offered mechanisms is known");
        return switch (binding) {
            case TlsServerEndPoint _ -> Gs2Header.Flag.NOT_OFFERED;
            case ChannelBinding.None _ -> Gs2Header.Flag.NOT_SUPPORTED;
        };
    }

    /// The mechanism for SASLInitialResponse.
    public String mechanism() {
        return switch (header.flag()) {
            case BOUND -> Scram.MECHANISM_PLUS;
            case NOT_OFFERED, NOT_SUPPORTED -> Scram.MECHANISM;
        };
    }

    /// The first message, for SASLInitialResponse. The name in it is empty, as libpq leaves it: the server knows the user.
    public String clientFirst() {
        return header.text() + clientFirstBare();
    }

    private String clientFirstBare() {
        return "n=,r=" + nonce;
    }

    /// What the server's challenge is answered with. With a password this is meant to be slow: milliseconds at 4096 iterations. The same for every challenge with this
    /// salt and so many iterations.
    /// @throws ProtocolViolation if it is malformed, does not continue the nonce, or asks for too many iterations
    public ScramKeys keys(String serverFirst) {
        Challenge challenge = challenge(serverFirst);
        return switch (secret) {
            case ScramSecret.Keys(var known) -> known;
            case ScramSecret.Password(var password) -> {
                byte[] salted = Scram.saltedPassword(password, challenge.salt, challenge.iterations);
                yield new ScramKeys(Octets.of(Scram.clientKey(salted)), Octets.of(Scram.serverKey(salted)));
            }
        };
    }

    /// Takes the server's challenge, and as long as [#keys] does.
    public Answer answer(String serverFirst) {
        return answer(serverFirst, keys(serverFirst));
    }

    /// Takes the server's challenge.
    /// @param keys those for it
    /// @throws ProtocolViolation as [#keys]
    public Answer answer(String serverFirst, ScramKeys keys) {
        String bothNonces = challenge(serverFirst).bothNonces;
        String withoutProof = "c=" + header.channelBindingAttribute(binding) + ",r=" + bothNonces;
        String authMessage = clientFirstBare() + ',' + serverFirst + ',' + withoutProof;
        byte[] clientKey = keys.clientKey().toArray();
        byte[] proof = Scram.xor(clientKey, Scram.signature(Scram.storedKey(clientKey), authMessage));
        return new Answer(withoutProof + ",p=" + Scram.base64(proof),
                Octets.of(Scram.signature(keys.serverKey().toArray(), authMessage)));
    }

    private record Challenge(String bothNonces, byte[] salt, int iterations) {}

    private Challenge challenge(String serverFirst) {
        var attributes = new ScramAttributes(serverFirst);
        String bothNonces = attributes.next('r');
        if (!Scram.isNonce(bothNonces) || !bothNonces.startsWith(nonce) || bothNonces.length() == nonce.length()) {
            throw Scram.malformed("nonce does not match");
        }
        byte[] salt = Scram.fromBase64(attributes.next('s')).filter(bytes -> bytes.length > 0)
                .orElseThrow(() -> Scram.malformed("salt"));
        int iterations = iterations(attributes.next('i'));
        attributes.skipExtensions();
        return new Challenge(bothNonces, salt, iterations);
    }

    private int iterations(String text) {
        if (!text.matches("[1-9][0-9]{0,8}")) throw Scram.malformed("iteration count");
        int iterations = Integer.parseInt(text);
        if (iterations > iterationsMax) {
            throw Scram.malformed("the server asks for " + iterations + " iterations where " + iterationsMax + " are allowed");
        }
        return iterations;
    }

    /// An exchange whose client has proved itself and waits for the server's proof.
    /// @param clientFinal     the message for SASLResponse
    /// @param serverSignature what the server must prove
    public record Answer(String clientFinal, Octets serverSignature) {
        /// Takes the server's last message; returns if the server knows the password too.
        /// @throws ProtocolViolation if it does not, or the message is malformed
        public void verify(String serverFinal) {
            var attributes = new ScramAttributes(serverFinal);
            if (attributes.peek() == 'e') throw Scram.malformed("the server reports a failed exchange");
            byte[] given = Scram.fromBase64(attributes.next('v')).orElseThrow(() -> Scram.malformed("server signature"));
            attributes.skipExtensions();
            if (!Scram.equal(given, serverSignature.toArray())) throw Scram.malformed("wrong server signature");
        }

        /// Without proof and signature.
        @Override public String toString() {
            return "Answer";
        }
    }
}
