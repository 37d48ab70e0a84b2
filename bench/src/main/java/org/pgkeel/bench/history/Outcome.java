package org.pgkeel.bench.history;

/// What a client was told about an operation.
public sealed interface Outcome {
    /// SQLSTATE transaction_resolution_unknown.
    String RESOLUTION_UNKNOWN = "08007";
    /// SQLSTATE serialization_failure: it did not happen, try again.
    String SERIALIZATION_FAILURE = "40001";
    /// SQLSTATE unique_violation.
    String UNIQUE_VIOLATION = "23505";

    /// Success.
    ///
    /// @param xid         of the transaction that wrote, 0 where the client did not learn it
    /// @param timeline    on which the server wrote, 0 where the client did not learn it
    /// @param seen        what the answer said: a counter's value, a list's length, a sum; 0 if nothing
    /// @param fingerprint of the list that was seen, see [Fingerprint]
    record Acknowledged(long xid, int timeline, long seen, long fingerprint) implements Outcome {
        public static Acknowledged wrote(long xid, int timeline) {
            return new Acknowledged(xid, timeline, 0, 0);
        }

        public static Acknowledged saw(long value) {
            return new Acknowledged(0, 0, value, 0);
        }
    }

    /// An error that says it did not happen.
    record Failed(String sqlState) implements Outcome {}

    /// An answer that says nobody knows whether it happened; the connection stays.
    record Unknown(String sqlState) implements Outcome {}

    /// The connection ended while the operation was in flight; whether it happened is not known.
    ///
    /// @param sqlState of the last error before the end, or the driver's own for a lost connection
    record Closed(Closer by, String sqlState) implements Outcome {}

    enum Closer {
        /// The other side said or did it.
        PEER,
        /// The client waited longer than any client would, and hung up.
        CLIENT_LOST_PATIENCE
    }

    /// An error with the connection still there.
    static Outcome ofError(String sqlState) {
        return sqlState.equals(RESOLUTION_UNKNOWN) ? new Unknown(sqlState) : new Failed(sqlState);
    }
}
