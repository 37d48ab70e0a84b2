package org.pgkeel.protocol.backend;

import org.pgkeel.protocol.wire.ProtocolViolation;

/// The transaction status that ReadyForQuery carries: the backend's word, never derived.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-READYFORQUERY>
public enum TransactionStatus {
    /// `I`: not in a transaction block.
    IDLE((byte) 'I'),
    /// `T`: in a transaction block.
    IN_TRANSACTION((byte) 'T'),
    /// `E`: in a failed transaction block, queries are rejected until it ends.
    FAILED((byte) 'E');

    private final byte code;

    TransactionStatus(byte code) {
        this.code = code;
    }

    /// The byte on the wire.
    public byte code() {
        return code;
    }

    /// @throws ProtocolViolation if the byte is none of `I`, `T`, `E`
    public static TransactionStatus of(byte code) {
        return switch (code) {
            case 'I' -> IDLE;
            case 'T' -> IN_TRANSACTION;
            case 'E' -> FAILED;
            default -> throw new ProtocolViolation("ReadyForQuery: status byte " + code);
        };
    }
}
