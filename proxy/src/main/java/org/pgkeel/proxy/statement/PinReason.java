package org.pgkeel.proxy.statement;

import java.util.Locale;

/// Why a client has to keep its backend connection: session state that cannot be carried to another one.
public enum PinReason {
    /// A temporary table, view or sequence, or a reference into `pg_temp`.
    TEMP_TABLE,
    /// A session-level advisory lock.
    ADVISORY_LOCK,
    /// A cursor `WITH HOLD`.
    HOLD_CURSOR,
    /// `LISTEN`.
    LISTEN,
    /// A setting changed in a way that the text does not tell: `set_config` of an expression, `UPDATE pg_settings`.
    SET_CONFIG,
    /// `LOAD`.
    LOAD,
    /// `currval` or `lastval`: they ask what this session did before.
    SESSION_SEQUENCE,
    /// `setseed` or `SET SEED`.
    RANDOM_SEED,
    /// A function that opens something for the session, such as `dblink_connect`, `pg_backup_start`, or one that makes a replication slot, which may be temporary.
    SESSION_FUNCTION,
    /// The body of a `DO` block mentions something that makes session state.
    DO_BLOCK,
    /// The text was too long or too strange to be looked into.
    STATEMENT_NOT_INSPECTED,
    /// SQL-level `PREPARE` or `EXECUTE` among several statements in one Query.
    PREPARED_IN_MULTI_STATEMENT;

    private final String word = name().toLowerCase(Locale.ROOT);

    /// Whether a client has to be told that it is lost with its server: nobody else would say so, or not in time. A LISTEN is carried on, PostgreSQL
    /// itself refuses `currval` in a new session, and of what could not be read it is not known that there is anything.
    public boolean isMissed() {
        return switch (this) {
            case TEMP_TABLE, ADVISORY_LOCK, HOLD_CURSOR, SET_CONFIG, LOAD, RANDOM_SEED, SESSION_FUNCTION, DO_BLOCK -> true;
            case LISTEN, SESSION_SEQUENCE, STATEMENT_NOT_INSPECTED, PREPARED_IN_MULTI_STATEMENT -> false;
        };
    }

    /// Whether it is there though the statement that made it has failed.
    public boolean outlivesErrors() {
        return this == ADVISORY_LOCK || this == DO_BLOCK || outlivesDiscard();
    }

    /// Whether not even `DISCARD ALL` takes it away: the backend is of no use to anybody else.
    public boolean outlivesDiscard() {
        return this == LOAD || this == RANDOM_SEED || this == SESSION_FUNCTION;
    }

    /// The word for logs, metrics and the console.
    public String word() {
        return word;
    }
}
