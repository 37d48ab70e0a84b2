package org.pgkeel.proxy.statement;

/// What kind of statement one is: more than reading or writing, for those who decide what may be run again.
public enum StatementKind {
    /// `SELECT`, `VALUES`, `TABLE`, `WITH`: also one that locks rows, writes in a `WITH`, or calls a function that may write.
    QUERY,
    SHOW,
    EXPLAIN,
    /// `COPY ... TO STDOUT`.
    COPY_OUT,
    /// `COPY ... FROM STDIN`: the data comes from the client and is not kept.
    COPY_IN,
    /// `DECLARE`, `FETCH`, `MOVE`, `CLOSE`.
    CURSOR,
    /// `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `TRUNCATE`, `LOCK`.
    DATA,
    /// `CREATE`, `ALTER`, `DROP` and their like, inside of a transaction.
    DDL,
    /// Commits on its own, or may: `CALL`, `DO`, `CREATE DATABASE`, `CREATE INDEX CONCURRENTLY`, `ALTER SYSTEM`.
    /// Never to be run a second time.
    COMMITS_INSIDE,
    /// `VACUUM`, `ANALYZE`, `REINDEX`, `CLUSTER`, `REPACK`, `CHECKPOINT`, not `CONCURRENTLY`: may commit on its own, and may be run a second time, as it changes nothing that is
    /// stored.
    MAINTENANCE,
    BEGIN,
    /// `COMMIT`, `END`.
    COMMIT,
    /// `COMMIT AND CHAIN`: a [#COMMIT], too.
    COMMIT_AND_CHAIN {
        @Override
        long bit() {
            return super.bit() | COMMIT.bit();
        }
    },
    /// `ROLLBACK`, `ABORT`.
    ROLLBACK,
    /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`.
    SAVEPOINT,
    /// `SET TRANSACTION`: the modes of the open transaction.
    SET_TRANSACTION,
    PREPARE_TRANSACTION,
    /// `COMMIT PREPARED`, `ROLLBACK PREPARED`.
    FINISH_PREPARED,
    /// `LISTEN`, `UNLISTEN`.
    LISTEN,
    NOTIFY,
    /// `SET`, `RESET`, `DISCARD`, `PREPARE`, `DEALLOCATE`, `LOAD`.
    SESSION,
    /// `EXECUTE`: its text is elsewhere.
    EXECUTE,
    /// Not understood.
    OTHER;

    long bit() {
        return 1L << ordinal();
    }
}
