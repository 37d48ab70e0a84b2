package org.pgkeel.protocol.auth;

import org.pgkeel.protocol.wire.Octets;

/// What a SCRAM client needs instead of the password, for a server that keeps the same [ScramVerifier]: the key that
/// proves it, which a server learns when a client logs in ([ScramServer.Accepted]), and the key that the other server proves.
/// As good as the password towards every server with that verifier: keep it in memory only.
public record ScramKeys(Octets clientKey, Octets serverKey) {
    public ScramKeys {
        Scram.checkKey(clientKey);
        Scram.checkKey(serverKey);
    }

    /// Without the keys.
    @Override public String toString() {
        return "ScramKeys";
    }
}
