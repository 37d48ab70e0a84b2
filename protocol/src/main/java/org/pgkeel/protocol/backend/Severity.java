package org.pgkeel.protocol.backend;

import java.util.Arrays;
import java.util.Optional;

/// How bad it is: field `V` of ErrorResponse and NoticeResponse, never translated.
/// <https://www.postgresql.org/docs/current/protocol-error-fields.html>
public enum Severity {
    /// The statement failed, the session goes on.
    ERROR,
    /// The session is closed.
    FATAL,
    /// All sessions of the server are closed.
    PANIC,
    WARNING, NOTICE, DEBUG, INFO, LOG;

    /// The severity with this name, if there is one.
    static Optional<Severity> named(String name) {
        return Arrays.stream(values()).filter(severity -> severity.name().equals(name)).findFirst();
    }
}
