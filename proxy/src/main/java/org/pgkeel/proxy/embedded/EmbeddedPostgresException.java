package org.pgkeel.proxy.embedded;

/// A server could not be had. The message says what happened and what to do about it.
public final class EmbeddedPostgresException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public enum Reason { PORT_IN_USE, DISK_FULL, NOT_WRITABLE, UNSUPPORTED_PLATFORM, ALREADY_RUNNING, SERVER_FAILED }

    private final Reason reason;

    public EmbeddedPostgresException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    EmbeddedPostgresException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
