package org.pgkeel.protocol.wire;

/// The format code of a column, a parameter or a COPY stream.
/// <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>
public enum Format {
    TEXT(0),
    BINARY(1);

    private final int code;

    Format(int code) {
        this.code = code;
    }

    /// The number on the wire.
    public int code() {
        return code;
    }

    /// @throws ProtocolViolation if the code is neither 0 nor 1
    static Format of(int code, String message) {
        return switch (code) {
            case 0 -> TEXT;
            case 1 -> BINARY;
            default -> throw new ProtocolViolation(message + ": format code " + code);
        };
    }
}
