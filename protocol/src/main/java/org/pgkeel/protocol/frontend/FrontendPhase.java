package org.pgkeel.protocol.frontend;

/// Where a client is in its life. PasswordMessage, SASLInitialResponse and SASLResponse share the type byte `p`;
/// only what the server asked for last tells them apart.
public enum FrontendPhase {
    /// A cleartext or MD5 password was asked for.
    PASSWORD,
    /// SASL mechanisms were offered.
    SASL_INITIAL,
    /// A SASL challenge was sent.
    SASL_RESPONSE,
    /// The client is logged in.
    LOGGED_IN
}
