package org.pgkeel.protocol.auth;

/// What both ends know about the TLS connection between them, so that a SCRAM exchange cannot be carried over another one.
/// <https://www.postgresql.org/docs/current/sasl-authentication.html#SASL-SCRAM-SHA-256>
public sealed interface ChannelBinding permits ChannelBinding.None, TlsServerEndPoint {
    ChannelBinding NONE = None.INSTANCE;

    /// No TLS, or a certificate that defines no binding.
    enum None implements ChannelBinding {
        INSTANCE
    }
}
