package org.pgkeel.proxy.session;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.statement.Access;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;

/// Follows one client's transaction, explicit or of a single batch, to the point where it commits: whether it may have written,
/// whether its mark was asked for, and whether its end was sent.
///
/// | event                             | what is known                                           |
/// |-----------------------------------|---------------------------------------------------------|
/// | a statement that may write is sent | the mark has to be asked for before the end is sent     |
/// | it runs in a block of PgKeel's own | nothing in it commits before its end                   |
/// | its end is PgKeel's to send       | a loss from here on can be resolved                     |
/// | asked                             | a loss from here on can be resolved                     |
/// | answered                          | the xid and position, or that nothing was written       |
/// | the mark of a prepared one is told | it is that of COMMIT PREPARED, ROLLBACK PREPARED behind it |
/// | the question failed               | the transaction has failed: its end commits nothing     |
/// | sent                              | the server may commit                                   |
/// | it may end, nobody has looked      | the server may commit, and no mark is of it             |
/// | more is sent behind the end       | no mark is of all that may be committed: nothing        |
/// | ReadyForQuery `I`                 | over                                                    |
/// | ReadyForQuery `T` behind the end  | the next transaction has begun (`COMMIT AND CHAIN`)     |
///
/// Threading: confined to the session's event loop.
final class CommitWatch {
    /// The question for the mark.
    private sealed interface Question {
        record NotAsked() implements Question {}

        record Asked() implements Question {}

        /// An error came in front of the answer.
        record Failed() implements Question {}

        record Answered(Optional<TransactionMark> mark) implements Question {}

        /// An error came behind the answer.
        record EndFailed(Optional<TransactionMark> mark) implements Question {}
    }

    /// Whether the question can go ahead of the end of what was sent.
    private enum Watching {
        POSSIBLE,
        IMPOSSIBLE,
        /// As IMPOSSIBLE: something takes COPY data.
        COPY,
        /// Something takes COPY data, and its end is PgKeel's to send.
        COPY_KEPT
    }

    /// One object for all: the watch begins anew with each batch, reads too.
    private static final Question NOT_ASKED = new Question.NotAsked();

    private boolean wrote;
    private boolean begun;
    /// A transaction block is open behind the last ReadyForQuery.
    private boolean inBlock;
    private boolean ending;
    private Watching watching = Watching.POSSIBLE;
    /// What ends a prepared transaction, whose mark was asked for.
    private @Nullable Work ofPrepared;
    private Question question = NOT_ASKED;
    private long askedNanos = Long.MIN_VALUE;
    private boolean sent;
    /// More than one transaction ends in the batch under way.
    private boolean several;
    private Work work = Work.TRANSACTION;
    /// What might commit inside runs in a block of PgKeel's own.
    private boolean enclosed;

    /// A statement is about to be executed.
    void executes(StatementClass statement) {
        if (statement.isRead() && !ending) return;   // it begins, ends and commits nothing
        boolean ends = statement.has(StatementKind.COMMIT) || statement.has(StatementKind.ROLLBACK) || statement.has(StatementKind.PREPARE_TRANSACTION);
        boolean inside = begun || inBlock && !ending;
        boolean maintains = BatchContents.maintains(statement);
        boolean writes = statement.access() == Access.WRITE && (!BatchContents.isHarmless(statement) || maintains && inside);
        if (maintains && !inside) unwatchable();   // it is done again, and nothing found out
        if (writes && ofPrepared != null) {
            // The mark is of one prepared transaction and of nothing else.
            if (work == ofPrepared || !statement.has(StatementKind.FINISH_PREPARED)) several = true;
        }
        if (ending) behindEnd(writes);
        if (writes && commitsBehindRollback(statement)) several = sent = true;
        if (ends) ending = true;
        begun = statement.has(StatementKind.BEGIN) || begun && !ends;
        if (statement.has(StatementKind.COPY_IN)) watching = Watching.COPY;
        if (statement.has(StatementKind.FINISH_PREPARED) && ofPrepared != null) work = ofPrepared;
        else if (BatchContents.commitsInside(statement, inside) || statement.has(StatementKind.FINISH_PREPARED) || BatchContents.actsElsewhere(statement)) work = Work.COMMITS_INSIDE;
        else if (statement.has(StatementKind.PREPARE_TRANSACTION)) work = Work.PREPARE;
        else if (statement.has(StatementKind.NOTIFY) && work == Work.TRANSACTION) work = Work.UNMARKED;
        if (writes) wrote = true;
    }

    /// In one text something stands behind the end of a block, and in no other: it commits with the text.
    private static boolean commitsBehindRollback(StatementClass text) {
        boolean behind = false;
        for (StatementKind kind : text.kinds()) {
            switch (kind) {
                case ROLLBACK -> behind = true;
                case BEGIN -> behind = false;
                case COMMIT, COMMIT_AND_CHAIN, SAVEPOINT, SET_TRANSACTION, PREPARE_TRANSACTION -> { }
                case QUERY, SHOW, EXPLAIN, COPY_OUT, COPY_IN, CURSOR, DATA, DDL, COMMITS_INSIDE, MAINTENANCE, FINISH_PREPARED, LISTEN, NOTIFY, SESSION, EXECUTE, OTHER -> {
                    if (behind) return true;
                }
            }
        }
        return false;
    }

    /// A statement of the extended protocol is about to be executed outside of a transaction, whose batch ends with the client's Sync.
    /// @param keepsEnd the Sync will be sent when the mark is there
    void executes(StatementClass statement, boolean keepsEnd) {
        boolean watchable = isWatchable();
        executes(statement);
        if (statement.has(StatementKind.COPY_IN) && watchable && keepsEnd) endIsKept();
    }

    /// In the same batch the transaction has ended. What writes now commits with the batch, unless a BEGIN stands in front of it.
    private void behindEnd(boolean writes) {
        boolean commitsWithBatch = writes && !begun;
        if (isAsked() || sent || commitsWithBatch) several = true;
        if (commitsWithBatch) sent = true;
    }

    /// Something is sent that may write and that nothing can be learnt of.
    void unwatchable() {
        wrote = true;
        watching = copies() ? Watching.COPY : Watching.IMPOSSIBLE;
    }

    /// What was sent last executes something that hangs on no transaction of this server.
    void actsElsewhere() {
        work = Work.COMMITS_INSIDE;
    }

    /// What was sent last, a CALL or DO alone, runs in a block of PgKeel's own. Nobody sees whether it notifies.
    void encloses() {
        enclosed = true;
        work = Work.UNMARKED;
    }

    boolean isEnclosed() {
        return enclosed;
    }

    private boolean isWatchable() {
        return watching == Watching.POSSIBLE || watching == Watching.COPY_KEPT;
    }

    /// Something is sent that may end the transaction, and more: a text nobody has looked into, an EXECUTE of a COMMIT, anything while nobody watches.
    void mayEnd() {
        unwatchable();
        nothingKnown();
        ending = true;
    }

    /// The end of the COPY that was sent is PgKeel's to send, and its mark will be asked for ahead of that.
    void endIsKept() {
        watching = Watching.COPY_KEPT;
    }

    /// What comes next ends this prepared transaction.
    /// @param ends COMMIT_PREPARED or ROLLBACK_PREPARED
    /// @param askedNanos see [#asked]
    void prepared(Work ends, TransactionMark mark, long askedNanos) {
        ofPrepared = ends;
        asked(askedNanos);
        answered(Optional.of(mark));
    }

    /// The mark is of the transaction that is being answered.
    boolean isMarkOwn() {
        return ofPrepared == null;
    }

    /// Something was sent that takes COPY data.
    boolean copies() {
        return watching == Watching.COPY || watching == Watching.COPY_KEPT;
    }

    /// Its end will be sent when the mark is there.
    boolean isCopyKept() {
        return watching == Watching.COPY_KEPT;
    }

    /// Something was committed whose mark was not asked for.
    void nothingKnown() {
        several = true;
        sent = true;
    }

    /// Something was sent that may write.
    boolean mayHaveWritten() {
        return wrote;
    }

    /// A transaction block begins in the batch under way: the batch's end does not end it.
    boolean hasBegun() {
        return begun;
    }

    /// A COMMIT, ROLLBACK or PREPARE TRANSACTION of the client was sent: its reply is behind the mark, those of what commits by itself are ahead of it.
    boolean hasEnded() {
        return ending;
    }

    /// What comes next is to wait until the transaction has ended: only then it is known what it belongs to.
    boolean isEnding() {
        return ending || isAsked() && sent;
    }

    /// The mark has to be asked for before the end is sent.
    boolean mustAsk() {
        return wrote && !isAsked() && isWatchable();
    }

    /// It may have no xid before its commit, and have effects all the same.
    boolean isUnmarked() {
        return work == Work.UNMARKED;
    }

    /// @param nowNanos no later than when the question is sent
    void asked(long nowNanos) {
        if (isAsked()) return;
        question = new Question.Asked();
        askedNanos = nowNanos;
    }

    /// When the question was asked last, or a little earlier: its answer proves that the server lived then.
    long askedNanos() {
        return askedNanos;
    }

    boolean isAsked() {
        return !(question instanceof Question.NotAsked);
    }

    /// The end may be sent in `strict` mode.
    boolean isAnswered() {
        return switch (question) {
            case Question.NotAsked _, Question.Asked _ -> false;
            case Question.Failed _, Question.Answered _, Question.EndFailed _ -> true;
        };
    }

    void answered(Optional<TransactionMark> mark) {
        question = new Question.Answered(mark);
    }

    Optional<TransactionMark> mark() {
        return probe() instanceof Probe.Answered(var mark) ? mark : Optional.empty();
    }

    private Probe probe() {
        return switch (question) {
            case Question.NotAsked _, Question.Asked _, Question.Failed _ -> new Probe.Unanswered();
            case Question.Answered(var mark) -> new Probe.Answered(mark);
            case Question.EndFailed(var mark) -> new Probe.Answered(mark);
        };
    }

    /// An error came: in front of the answer, or behind it.
    void failed() {
        question = switch (question) {
            case Question.NotAsked _, Question.Failed _, Question.EndFailed _ -> question;
            case Question.Asked _ -> new Question.Failed();
            case Question.Answered(var mark) -> new Question.EndFailed(mark);
        };
    }

    /// The end itself failed, as one does whose deferred constraints are violated.
    boolean endFailed() {
        return question instanceof Question.EndFailed;
    }

    void sent() {
        sent = true;
    }

    void sentIf(boolean commits) {
        sent |= commits;
    }

    boolean isSent() {
        return sent;
    }

    /// The transaction is over.
    void over() {
        wrote = false;
        begun = false;
        watching = Watching.POSSIBLE;
        ofPrepared = null;
        inBlock = false;
        nothingAsked();
    }

    private void nothingAsked() {
        work = Work.TRANSACTION;
        enclosed = false;
        ending = false;
        question = NOT_ASKED;
        sent = false;
        several = false;
    }

    /// A batch is over, and a transaction block is open. What has ended before was another one: its mark says nothing of this.
    /// @param allAnswered nothing else of the client is under way
    void batchOver(boolean allAnswered) {
        begun = false;
        inBlock = true;
        if (!allAnswered) return;
        watching = Watching.POSSIBLE;
        if (ending) nothingAsked();
    }

    /// What its mark proves.
    Work work() {
        return work;
    }

    /// What can be learnt of the transaction if its server is lost now.
    /// @param followed commits of this client are watched
    LossRules.Knowledge knowledge(boolean followed) {
        if (!followed || several) return LossRules.Knowledge.NONE;
        if (!wrote) return LossRules.Knowledge.NOTHING_WRITTEN;
        return isAsked() || isCopyKept() ? LossRules.Knowledge.ASKED : LossRules.Knowledge.NONE;
    }

    LossRules.CommitPoint point(BackendConnection lost, boolean followed) {
        LossRules.Knowledge knowledge = knowledge(followed);
        Probe probe = switch (knowledge) {
            case NONE -> new Probe.NotSent();
            case NOTHING_WRITTEN -> new Probe.Answered(Optional.empty());
            case ASKED -> probe();
        };
        return new LossRules.CommitPoint(knowledge, sent && !(question instanceof Question.Failed), probe, lost.origin(), lost.greeting().pid(), work());
    }
}
