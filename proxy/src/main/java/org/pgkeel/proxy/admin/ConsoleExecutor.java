package org.pgkeel.proxy.admin;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries out commands for one user, and keeps the session's transaction status: the console has no transactions, but
/// drivers that begin one before each statement can use it.
///
/// | status         | command            | to             |
/// |----------------|--------------------|----------------|
/// | IDLE           | BEGIN              | IN_TRANSACTION |
/// | IN_TRANSACTION | any, failed        | FAILED         |
/// | IN_TRANSACTION | COMMIT or ROLLBACK | IDLE           |
/// | FAILED         | COMMIT or ROLLBACK | IDLE           |
/// | FAILED         | any other: 25P02   | FAILED         |
///
/// Threading: confined to the session's event loop.
final class ConsoleExecutor {
    /// Snapshots come from the event loops; a loop that takes longer is stuck.
    private static final long SHOW_SECONDS_MAX = 10;
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleExecutor.class);

    private final ShowSources sources;
    private final String user;
    private final ConsoleRole role;
    private TransactionStatus status = TransactionStatus.IDLE;

    ConsoleExecutor(ShowSources sources, String user, ConsoleRole role) {
        this.sources = sources;
        this.user = user;
        this.role = role;
    }

    TransactionStatus status() {
        return status;
    }

    /// A statement failed.
    void failed() {
        if (status == TransactionStatus.IN_TRANSACTION) status = TransactionStatus.FAILED;
    }

    /// @return completes on any thread, never exceptionally
    CompletionStage<Answer> execute(ConsoleCommand command) {
        if (status == TransactionStatus.FAILED && !(command instanceof ConsoleCommand.EndTransaction)) {
            return now(new Answer.Failed(SqlState.IN_FAILED_SQL_TRANSACTION,
                    "current transaction is aborted, commands ignored until end of transaction block", "ROLLBACK"));
        }
        return switch (command) {
            case ConsoleCommand.Empty _ -> now(new Answer.Empty());
            case ConsoleCommand.Show(var table) -> show(table);
            case ConsoleCommand.ShowHelp _ -> now(new Answer.Done("SHOW", Optional.of(ConsoleHelp.notice())));
            case ConsoleCommand.Fixed(var column, var type, var value, var tag) ->
                    now(Answer.Rows.one(RowShape.of(column, type), value, tag));
            case ConsoleCommand.WhoAmI(var column) ->
                    now(Answer.Rows.one(RowShape.of(column, ColumnType.TEXT), user, "SELECT 1"));
            case ConsoleCommand.Operate operate -> operate(operate);
            case ConsoleCommand.Ignored(var tag, var notice) -> now(new Answer.Done(tag, notice.map(text ->
                    NoticeResponse.of(Severity.NOTICE, SqlState.SUCCESSFUL_COMPLETION, text))));
            case ConsoleCommand.Begin _ -> {
                status = TransactionStatus.IN_TRANSACTION;
                yield now(new Answer.Done("BEGIN", Optional.empty()));
            }
            case ConsoleCommand.EndTransaction(var tag) -> {
                String ended = status == TransactionStatus.FAILED ? "ROLLBACK" : tag;
                status = TransactionStatus.IDLE;
                yield now(new Answer.Done(ended, Optional.empty()));
            }
            case ConsoleCommand.Refused(var sqlState, var message, var hint) -> now(new Answer.Failed(sqlState, message, hint));
        };
    }

    private CompletionStage<Answer> show(ShowTable<?> table) {
        return table.rows(sources).toCompletableFuture().copy()
                .orTimeout(SHOW_SECONDS_MAX, TimeUnit.SECONDS)
                .<Answer>thenApply(rows -> new Answer.Rows(table.shape(), rows, "SHOW"))
                .exceptionally(failure -> broken("SHOW " + table.word(), failure));
    }

    private CompletionStage<Answer> operate(ConsoleCommand.Operate operate) {
        switch (role) {
            case STATS -> {
                LOG.info("console: user {} may not {}", user, operate.tag());
                return now(new Answer.Failed(SqlState.INSUFFICIENT_PRIVILEGE,
                        "permission denied: user \"" + user + "\" may only SHOW", "admin.users lists who may do more."));
            }
            case ADMIN -> {
                LOG.info("console: user {} issued {}", user, operate.tag());
                return operate.action().apply(sources.operations()).handle((outcome, failure) -> {
                    if (failure != null) return broken(operate.tag(), failure);
                    return switch (outcome) {
                        case Outcome.Done _ -> new Answer.Done(operate.tag(), Optional.empty());
                        case Outcome.Failed(var sqlState, var message) -> new Answer.Failed(sqlState, message, "");
                    };
                });
            }
        }
        throw new IllegalStateException("role " + role);
    }

    private static Answer broken(String what, Throwable failure) {
        if (failure instanceof TimeoutException) {
            return new Answer.Failed(SqlState.CANNOT_CONNECT_NOW,
                    what + ": an event loop did not answer within " + SHOW_SECONDS_MAX + " s", "");
        }
        LOG.error("console: {} failed", what, failure);
        return new Answer.Failed(SqlState.INTERNAL_ERROR, what + " failed, the log has the reason", "");
    }

    private static CompletionStage<Answer> now(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }
}
