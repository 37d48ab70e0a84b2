package org.pgkeel.protocol.wire;

/// A peer sent bytes that the protocol does not allow at that place. The connection cannot go on: its
/// stream has lost its meaning. Carries SQLSTATE `08P01` to a client.
public final class ProtocolViolation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param message what was wrong, with the message's name first; no content of it, it may hold secrets
    public ProtocolViolation(String message) {
        super(message, null, false, false);
    }
}
