package org.pgkeel.protocol.frontend;

import org.pgkeel.protocol.wire.ProtocolViolation;

/// What a Describe or a Close is about.
public enum Target {
    STATEMENT((byte) 'S'),
    PORTAL((byte) 'P');

    private final byte code;

    Target(byte code) {
        this.code = code;
    }

    /// The byte on the wire.
    public byte code() {
        return code;
    }

    /// @throws ProtocolViolation if the byte is neither `S` nor `P`
    static Target of(byte code, String message) {
        return switch (code) {
            case 'S' -> STATEMENT;
            case 'P' -> PORTAL;
            default -> throw new ProtocolViolation(message + ": target byte " + code);
        };
    }
}
