package org.pgkeel.protocol.auth;

import java.security.SecureRandom;
import java.util.List;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. Each step returns the next state, so that steps cannot be taken
/// out of order. As in PostgreSQL the user is the one of the StartupMessage; the name in the SCRAM message is ignored.
/// <https://www.postgresql.org/docs/current/sasl-authentication.html#SASL-SCRAM-SHA-256>
///
/// | from        | event                                        | to                                  |
/// |-------------|----------------------------------------------|-------------------------------------|
/// | ScramServer | client-first, well-formed                    | Challenge: send server-first        |
/// | ScramServer | client-first, flag `y` though `-PLUS` was offered | Rejected: downgraded           |
/// | Challenge   | client-final, other binding than ours        | Rejected: channel binding mismatch  |
/// | Challenge   | client-final, wrong proof                    | Rejected: wrong proof               |
/// | Challenge   | client-final, right proof                    | Accepted: send server-final         |
/// | any         | malformed                                    | [ProtocolViolation]                 |
///
/// Threading: immutable.
public final class ScramServer {
    /// What the first step can lead to.
    public sealed interface First permits ScramChallenge, Rejected {}

    /// What the second step can lead to.
    public sealed interface Last permits Accepted, Rejected {}

    /// The client has proved that it knows the password.
    /// @param serverFinal the server's own proof, for AuthenticationSASLFinal
    /// @param keys        what the exchange revealed, to log in elsewhere with
    public record Accepted(String serverFinal, ScramKeys keys) implements Last {}

    /// The login failed. The client is told the same in all cases; the reason is for the log.
    public record Rejected(Reason reason) implements First, Last {}

    /// Why a login failed.
    public enum Reason {
        /// The password is wrong, or the user does not exist.
        WRONG_PROOF,
        /// The client speaks to another TLS end point than this one: somebody is in between.
        CHANNEL_BINDING_MISMATCH,
        /// The client believes that this server cannot do channel binding: somebody took `-PLUS` from the offer.
        DOWNGRADED
    }

    /// What a client says first is kept, and its nonce sent back, before it has proved anything. Those in use are below a hundred.
    private static final int CLIENT_FIRST_CHARS_MAX = 4_096;

    private final ScramVerifier verifier;
    private final ChannelBinding binding;
    private final String nonce;

    /// @param nonce the server's part, new for each exchange
    ScramServer(ScramVerifier verifier, ChannelBinding binding, String nonce) {
        this.verifier = verifier;
        this.binding = binding;
        this.nonce = nonce;
    }

    /// Begins an exchange.
    /// @param verifier of the user, or a [ScramVerifier#mock] if there is no such user
    /// @param binding  of the connection that the client is on
    public static ScramServer begin(ScramVerifier verifier, ChannelBinding binding, SecureRandom random) {
        return new ScramServer(verifier, binding, Scram.nonce(random));
    }

    /// What AuthenticationSASL offers on such a connection.
    public static List<String> mechanisms(ChannelBinding binding) {
        return switch (binding) {
            case TlsServerEndPoint _ -> List.of(Scram.MECHANISM_PLUS, Scram.MECHANISM);
            case ChannelBinding.None _ -> List.of(Scram.MECHANISM);
        };
    }

    /// Takes the client's first message.
    /// @param mechanism   as chosen in SASLInitialResponse
    /// @param clientFirst `gs2-header client-first-message-bare`
    /// @throws ProtocolViolation if the mechanism was not offered or the message is malformed
    public First first(String mechanism, String clientFirst) {
        if (!mechanisms(binding).contains(mechanism)) throw Scram.malformed("mechanism not offered");
        if (clientFirst.length() > CLIENT_FIRST_CHARS_MAX) throw Scram.malformed("a first message of " + clientFirst.length() + " characters");
        Gs2Header header = Gs2Header.parse(clientFirst);
        boolean plus = mechanism.equals(Scram.MECHANISM_PLUS);
        switch (header.flag()) {
            case BOUND -> {
                if (!plus) throw Scram.malformed("channel binding in a mechanism without");
            }
            case NOT_SUPPORTED -> {
                if (plus) throw Scram.malformed("no channel binding in a mechanism that needs it");
            }
            case NOT_OFFERED -> {
                if (plus) throw Scram.malformed("no channel binding in a mechanism that needs it");
                if (binding instanceof TlsServerEndPoint) return new Rejected(Reason.DOWNGRADED);
            }
        }
        String bare = clientFirst.substring(header.text().length());
        var attributes = new ScramAttributes(bare);
        attributes.next('n');
        String clientNonce = attributes.next('r');
        if (!Scram.isNonce(clientNonce)) throw Scram.malformed("client nonce not printable");
        attributes.skipExtensions();
        String bothNonces = clientNonce + nonce;
        String serverFirst = "r=" + bothNonces + ",s=" + Scram.base64(verifier.salt().toArray()) + ",i=" + verifier.iterations();
        return new ScramChallenge(verifier, header.channelBindingAttribute(binding), bothNonces, bare, serverFirst);
    }
}
