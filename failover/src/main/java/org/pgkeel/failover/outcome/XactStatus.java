package org.pgkeel.failover.outcome;

/// What a primary says of an xid, whosever it is.
public enum XactStatus {
    COMMITTED, ABORTED, IN_PROGRESS,
    /// In `pg_prepared_xacts`.
    PREPARED,
    /// Not below the newest xid that has ended: it was never given out, or runs now.
    /// (`pg_xact_status` itself fails for an xid of the future, with 22023.)
    NOT_ENDED,
    /// So old that its status has been removed.
    FORGOTTEN
}
