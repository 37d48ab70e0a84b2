package org.pgkeel.protocol.auth;

import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// A SCRAM exchange whose server has sent its challenge and waits for the client's proof. Made by [ScramServer#first].
/// Threading: immutable.
public final class ScramChallenge implements ScramServer.First {
    private final ScramVerifier verifier;
    private final String channelBinding;
    private final String nonce;
    private final String clientFirstBare;
    private final String serverFirst;

    /// @param channelBinding what attribute `c` must say
    /// @param nonce          both parts
    ScramChallenge(ScramVerifier verifier, String channelBinding, String nonce, String clientFirstBare, String serverFirst) {
        this.verifier = verifier;
        this.channelBinding = channelBinding;
        this.nonce = nonce;
        this.clientFirstBare = clientFirstBare;
        this.serverFirst = serverFirst;
    }

    /// The message for AuthenticationSASLContinue.
    public String serverFirst() {
        return serverFirst;
    }

    /// Takes the client's last message.
    /// @throws ProtocolViolation if it is malformed, or does not repeat the nonce
    public ScramServer.Last last(String clientFinal) {
        var attributes = new ScramAttributes(clientFinal);
        String givenBinding = attributes.next('c');
        String givenNonce = attributes.next('r');
        int proofAt = attributes.position();
        while (attributes.peek() != 'p') {
            attributes.nextAny();
            proofAt = attributes.position();
        }
        byte[] proof = Scram.fromBase64(attributes.next('p')).filter(bytes -> bytes.length == Scram.KEY_BYTES)
                .orElseThrow(() -> Scram.malformed("proof"));
        if (attributes.peek() != 0) throw Scram.malformed("attributes after the proof");
        if (!givenNonce.equals(nonce)) throw Scram.malformed("nonce does not match");
        if (!givenBinding.equals(channelBinding)) {
            return new ScramServer.Rejected(ScramServer.Reason.CHANNEL_BINDING_MISMATCH);
        }
        String withoutProof = clientFinal.substring(0, proofAt - 1);
        String authMessage = clientFirstBare + ',' + serverFirst + ',' + withoutProof;
        byte[] storedKey = verifier.storedKey().toArray();
        byte[] clientKey = Scram.xor(proof, Scram.signature(storedKey, authMessage));
        if (!Scram.equal(Scram.storedKey(clientKey), storedKey)) {
            return new ScramServer.Rejected(ScramServer.Reason.WRONG_PROOF);
        }
        String serverSignature = Scram.base64(Scram.signature(verifier.serverKey().toArray(), authMessage));
        return new ScramServer.Accepted("v=" + serverSignature, new ScramKeys(Octets.of(clientKey), verifier.serverKey()));
    }
}
