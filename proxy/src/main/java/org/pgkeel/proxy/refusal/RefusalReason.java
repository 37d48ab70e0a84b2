package org.pgkeel.proxy.refusal;

import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.sqlstate.SqlState;

/// Every reason for which the proxy answers with an error of its own: the one table of severity, SQLSTATE,
/// and what the client may do next. Logs, metrics and the console use [#word()].
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
public enum RefusalReason {
    /// A malformed or out-of-order message.
    PROTOCOL_VIOLATION("protocol_violation", Severity.FATAL, SqlState.PROTOCOL_VIOLATION, Retry.NO),
    /// A protocol version that is not spoken here.
    UNSUPPORTED_PROTOCOL("unsupported_protocol", Severity.FATAL, SqlState.FEATURE_NOT_SUPPORTED, Retry.NO),
    /// The start-up packet names no user, or another one than the certificate's.
    INVALID_AUTHORIZATION("invalid_authorization", Severity.FATAL, SqlState.INVALID_AUTHORIZATION_SPECIFICATION, Retry.NO),
    /// A rule says `reject`, or no rule lets this connection in.
    REJECTED_BY_RULE("rejected_by_rule", Severity.FATAL, SqlState.INVALID_AUTHORIZATION_SPECIFICATION, Retry.NO),
    /// Wrong password, or no such user: nobody is told which.
    BAD_PASSWORD("bad_password", Severity.FATAL, SqlState.INVALID_PASSWORD, Retry.NO),
    /// No such database; said only after authentication.
    UNKNOWN_DATABASE("unknown_database", Severity.FATAL, SqlState.INVALID_CATALOG_NAME, Retry.NO),
    /// An administrator disabled the database in the console.
    DATABASE_DISABLED("database_disabled", Severity.FATAL, SqlState.CANNOT_CONNECT_NOW, Retry.YES),
    /// Not allowed to use the console, or this command of it.
    INSUFFICIENT_PRIVILEGE("insufficient_privilege", Severity.FATAL, SqlState.INSUFFICIENT_PRIVILEGE, Retry.NO),
    /// The login took longer than `timeouts.login`.
    LOGIN_TIMEOUT("login_timeout", Severity.FATAL, SqlState.QUERY_CANCELED, Retry.YES),
    /// As many logins under way as `auth.pending-max` allows.
    TOO_MANY_LOGINS("too_many_logins", Severity.FATAL, SqlState.TOO_MANY_CONNECTIONS, Retry.YES),
    /// As many clients as a limit (total, database, user) allows.
    TOO_MANY_CLIENTS("too_many_clients", Severity.FATAL, SqlState.TOO_MANY_CONNECTIONS, Retry.YES),
    /// As many waiting in the hold as allowed.
    HOLD_QUEUE_FULL("hold_queue_full", Severity.ERROR, SqlState.TOO_MANY_CONNECTIONS, Retry.YES),
    /// The wait for a backend of the pool ran out.
    POOL_WAIT_TIMEOUT("pool_wait_timeout", Severity.ERROR, SqlState.CANNOT_CONNECT_NOW, Retry.YES),
    /// The hold ran out.
    HOLD_TIMEOUT("hold_timeout", Severity.ERROR, SqlState.CANNOT_CONNECT_NOW, Retry.YES),
    /// No replica is fit for a read whose rule keeps it off the primary.
    NO_REPLICA("no_replica", Severity.ERROR, SqlState.CANNOT_CONNECT_NOW, Retry.YES),
    /// A new client needed a backend to finish its login and none came in time.
    BACKEND_UNAVAILABLE("backend_unavailable", Severity.FATAL, SqlState.CANNOT_CONNECT_NOW, Retry.YES),
    /// The backend refused the proxy's own login.
    BACKEND_LOGIN_FAILED("backend_login_failed", Severity.FATAL, SqlState.SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, Retry.YES),
    /// The proxy shuts down.
    SHUTDOWN("shutdown", Severity.FATAL, SqlState.ADMIN_SHUTDOWN, Retry.YES),
    /// An administrator killed the client in the console.
    KILLED("killed", Severity.FATAL, SqlState.ADMIN_SHUTDOWN, Retry.YES),
    /// A primary was lost in an open transaction, and nothing of it was committed.
    PRIMARY_LOST("primary_lost", Severity.ERROR, SqlState.SERIALIZATION_FAILURE, Retry.YES),
    /// A statement in a transaction that was lost, after the client was told.
    IN_FAILED_TRANSACTION("in_failed_transaction", Severity.ERROR, SqlState.IN_FAILED_SQL_TRANSACTION, Retry.NO),
    /// A primary was lost, and the outcome of a COMMIT or write cannot be known.
    OUTCOME_UNKNOWN("outcome_unknown", Severity.ERROR, SqlState.TRANSACTION_RESOLUTION_UNKNOWN, Retry.UNKNOWN),
    /// A backend connection died under a statement; no failover is known.
    BACKEND_LOST("backend_lost", Severity.FATAL, SqlState.CONNECTION_FAILURE, Retry.UNKNOWN),
    /// Not possible in transaction pooling, and pinning is refused by configuration.
    PINNING_REFUSED("pinning_refused", Severity.ERROR, SqlState.FEATURE_NOT_SUPPORTED, Retry.NO),
    /// What a pin held is lost with its backend.
    PIN_LOST("pin_lost", Severity.ERROR, SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, Retry.NO),
    /// A named statement longer than `limits.inspected-statement-bytes`.
    STATEMENT_TOO_LONG("statement_too_long", Severity.ERROR, SqlState.PROGRAM_LIMIT_EXCEEDED, Retry.NO),
    /// As many prepared statements as `prepared.per-client` allows.
    TOO_MANY_STATEMENTS("too_many_statements", Severity.ERROR, SqlState.CONFIGURATION_LIMIT_EXCEEDED, Retry.NO),
    /// The client has a prepared statement of that name.
    DUPLICATE_PREPARED_STATEMENT("duplicate_prepared_statement", Severity.ERROR, SqlState.DUPLICATE_PREPARED_STATEMENT, Retry.NO),
    /// The client has no prepared statement of that name.
    NO_SUCH_STATEMENT("no_such_statement", Severity.ERROR, SqlState.INVALID_SQL_STATEMENT_NAME, Retry.NO),
    /// The catalogue changed, and the rows of a prepared statement look different from what its client was told.
    OUTDATED_STATEMENT("outdated_statement", Severity.ERROR, SqlState.FEATURE_NOT_SUPPORTED, Retry.NO),
    /// A transaction block in statement pooling.
    TRANSACTION_REFUSED("transaction_refused", Severity.ERROR, SqlState.FEATURE_NOT_SUPPORTED, Retry.NO),
    /// The client cancelled a request that still waited for a backend.
    CANCELLED_WHILE_WAITING("cancelled_while_waiting", Severity.ERROR, SqlState.QUERY_CANCELED, Retry.YES),
    /// A parameter of the startup packet that cannot be understood.
    BAD_STARTUP_PARAMETER("bad_startup_parameter", Severity.FATAL, SqlState.INVALID_PARAMETER_VALUE, Retry.NO),
    /// A statement ran longer than `timeouts.query`.
    QUERY_TIMEOUT("query_timeout", Severity.FATAL, SqlState.QUERY_CANCELED, Retry.NO),
    /// A client in a transaction sent nothing for `timeouts.idle-in-transaction`.
    IDLE_IN_TRANSACTION_TIMEOUT("idle_in_transaction_timeout", Severity.FATAL, SqlState.IDLE_IN_TRANSACTION_SESSION_TIMEOUT, Retry.YES),
    /// A transaction lasted longer than `timeouts.transaction`.
    TRANSACTION_TIMEOUT("transaction_timeout", Severity.FATAL, SqlState.TRANSACTION_TIMEOUT, Retry.YES),
    /// A client outside a transaction sent nothing for `timeouts.client-idle`.
    CLIENT_IDLE_TIMEOUT("client_idle_timeout", Severity.FATAL, SqlState.IDLE_SESSION_TIMEOUT, Retry.YES),
    /// A request that waited on disk could not be read back: nothing of it was done.
    SPILL_UNREADABLE("spill_unreadable", Severity.ERROR, SqlState.IO_ERROR, Retry.YES),
    /// No memory for what a client asked, or for its replies: what was under way may have been done.
    OUT_OF_MEMORY("out_of_memory", Severity.FATAL, SqlState.OUT_OF_MEMORY, Retry.UNKNOWN),
    /// A bug of the proxy.
    INTERNAL_ERROR("internal_error", Severity.FATAL, SqlState.INTERNAL_ERROR, Retry.NO);

    /// What a client may do with the work that was refused.
    public enum Retry {
        /// The same again will be refused again.
        NO,
        /// Nothing was done: the same may work later.
        YES,
        /// It may have been done: only the application can tell.
        UNKNOWN
    }

    private final String word;
    private final Severity severity;
    private final SqlState sqlState;
    private final Retry retry;

    RefusalReason(String word, Severity severity, SqlState sqlState, Retry retry) {
        this.word = word;
        this.severity = severity;
        this.sqlState = sqlState;
        this.retry = retry;
    }

    /// The name in logs, metrics and the console.
    public String word() {
        return word;
    }

    /// ERROR, or FATAL: then the proxy closes the connection behind the message.
    public Severity severity() {
        return severity;
    }

    public SqlState sqlState() {
        return sqlState;
    }

    public Retry retry() {
        return retry;
    }
}
