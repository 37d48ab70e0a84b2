package org.pgkeel.proxy.backend;

import java.util.Optional;

/// Why there is no backend connection.
public sealed interface BackendFailure {

    /// One line for logs and for the client's DETAIL; holds no secret.
    String text();

    /// No connection: refused by the host, no route, name unknown, or closed before it said anything.
    record Unreachable(String text) implements BackendFailure {}

    /// The deadline ran out; the text says in which step.
    record TimedOut(String text) implements BackendFailure {}

    /// The server answered with an ErrorResponse of its own, other than class 28.
    record Refused(String sqlState, String message, Optional<String> detail, Optional<String> hint) implements BackendFailure {
        @Override
        public String text() {
            return message + " (SQLSTATE " + sqlState + ")";
        }
    }

    /// The server does not let this user in (SQLSTATE class 28), it asks for a proof that the proxy does not have,
    /// or it could not prove itself.
    record AuthenticationFailed(String sqlState, String text) implements BackendFailure {}

    /// What came is not what a PostgreSQL server says, or too much of it.
    record ProtocolBroken(String text) implements BackendFailure {}

    /// No TLS where the mode needs it, or a certificate that does not verify.
    record TlsFailed(String text) implements BackendFailure {}
}
