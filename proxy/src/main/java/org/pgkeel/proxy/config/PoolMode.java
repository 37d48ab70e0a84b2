package org.pgkeel.proxy.config;

/// How long a client keeps a backend connection.
public enum PoolMode {
    /// Until the client disconnects.
    SESSION,
    /// Until its transaction ends.
    TRANSACTION,
    /// Until its statement ends; explicit transactions are refused.
    STATEMENT
}
