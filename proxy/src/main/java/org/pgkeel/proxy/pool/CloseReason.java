package org.pgkeel.proxy.pool;

import java.util.Locale;

/// Why a backend connection was closed. The word is used in logs and metrics.
public enum CloseReason {
    /// The server closed it, or the network did.
    LOST,
    /// The server said FATAL.
    SERVER_FATAL,
    /// The server sent what the protocol does not allow.
    PROTOCOL_BROKEN,
    /// It was given back with replies outstanding.
    REPLIES_OWED,
    /// It was given back inside a message.
    MID_MESSAGE,
    /// It could not be brought into the client's session state.
    SETTINGS_FAILED,
    /// It could not be made clean after its client had gone.
    RESET_FAILED,
    /// It did not answer the check after a long idleness.
    CHECK_FAILED,
    /// Older than `timeouts.server-lifetime`.
    LIFETIME,
    /// Unused for `timeouts.server-idle`.
    IDLE,
    /// A reload lowered a limit below what is open.
    TOO_MANY,
    /// A statement ran longer than `timeouts.query`, or its client left.
    QUERY_ABANDONED,
    /// Unused, while another pool of the same database or user had no place for its clients.
    YIELDED,
    /// RECONNECT, KILL, a reload that changed where the pool connects to, or a statement that wants nobody in the database.
    RECYCLED,
    /// Another server is the primary now.
    FENCED,
    /// Somebody cancelled the wait of its commit for a synchronous standby.
    UNREPLICATED,
    /// It belongs to its client alone: a replication connection, or one with state that cannot be taken away, or that a cancel may hit which is lost.
    DEDICATED,
    /// The proxy shuts down.
    SHUTDOWN;

    /// The word for logs and metrics.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
