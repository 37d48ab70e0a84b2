package org.pgkeel.failover.outcome;

/// What kind of work was in flight: it decides what its mark proves.
public enum Work {
    /// An autocommit statement or a transaction whose effects all hang on one xid.
    TRANSACTION,
    /// The commit has effects that need no xid before it (NOTIFY): with a mark it is a TRANSACTION, without one nothing can be learnt once it is sent.
    UNMARKED,
    /// Commits inside (CALL and DO with COMMIT, VACUUM, CREATE DATABASE, ...): each of its parts may have happened, sent or not.
    COMMITS_INSIDE,
    /// PREPARE TRANSACTION: done if the transaction is prepared, or was committed since.
    PREPARE,
    /// COMMIT PREPARED. Its mark is the prepared transaction's xid with a position read before the command was sent.
    COMMIT_PREPARED,
    /// ROLLBACK PREPARED. Its mark is that of COMMIT_PREPARED; it has happened if the prepared transaction is aborted.
    ROLLBACK_PREPARED
}
