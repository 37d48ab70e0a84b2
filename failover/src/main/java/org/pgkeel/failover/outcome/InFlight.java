package org.pgkeel.failover.outcome;

/// A transaction whose connection was lost, as its client session knew it.
///
/// @param origin     where it ran
/// @param backendPid the backend's process id, from its BackendKeyData; 0 if it is not known
/// @param stage      how far the client's request had come
public record InFlight(Origin origin, int backendPid, Work work, Stage stage, StreamEnd end, Probe probe) {
    /// Whether the commit point has been sent: the Sync of an implicit transaction, COMMIT, or the end of a simple Query.
    public enum Stage { COMMIT_NOT_SENT, COMMIT_SENT }

    /// How the stream of replies ended.
    public enum StreamEnd {
        /// A FATAL ErrorResponse, or end-of-file without a reset: everything the server had sent before has arrived.
        IN_ORDER,
        /// A reset, a timeout, an unreachable host: what the server sent last may be lost.
        BROKEN,
        /// PgKeel cut it, and has not read to its end.
        FENCED
    }
}
