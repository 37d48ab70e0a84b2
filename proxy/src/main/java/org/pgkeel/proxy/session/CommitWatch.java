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
    private boolean wrote;
    private boolean begun;
    /// A transaction block is open behind the last ReadyForQuery.
    private boolean inBlock;
    private boolean ending;
    private boolean unwatchable;
    private boolean copies;
    private boolean endKept;
    /// What ends a prepared transaction, whose mark was asked for.
    private @Nullable Work ofPrepared;
    private boolean endsPrepared;
    private boolean asked;
    private boolean failed;
    private boolean endFailed;
    private Optional<Probe.Answered> answer = Optional.empty();
    private boolean sent;
    /// More than one transaction ends in the batch under way.
    private boolean several;
    private Work work = Work.TRANSACTION;

    /// A statement is about to be executed.
    void executes(StatementClass statement) {
        boolean ends = statement.has(StatementKind.COMMIT) || statement.has(StatementKind.ROLLBACK) || statement.has(StatementKind.PREPARE_TRANSACTION);
        boolean writes = statement.access() == Access.WRITE && !BatchContents.isHarmless(statement);
        boolean inside = begun || inBlock && !ending;
        if (writes && ofPrepared != null) {
            // The mark is of one prepared transaction and of nothing else.
            if (endsPrepared || !statement.has(StatementKind.FINISH_PREPARED)) several = true;
            endsPrepared = true;
        }
        if (ending) behindEnd(writes);
        if (writes && commitsBehindRollback(statement)) several = sent = true;
        if (ends) ending = true;
        begun = statement.has(StatementKind.BEGIN) || begun && !ends;
        if (statement.has(StatementKind.COPY_IN)) copies = unwatchable = true;
        if (statement.has(StatementKind.FINISH_PREPARED) && ofPrepared != null) work = ofPrepared;
        else if (BatchContents.commitsInside(statement, inside) || statement.has(StatementKind.FINISH_PREPARED)) work = Work.COMMITS_INSIDE;
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
                case QUERY, SHOW, EXPLAIN, COPY_OUT, COPY_IN, CURSOR, DATA, DDL, COMMITS_INSIDE, FINISH_PREPARED, LISTEN, NOTIFY, SESSION, EXECUTE, OTHER -> {
                    if (behind) return true;
                }
            }
        }
        return false;
    }

    /// A statement of the extended protocol is about to be executed outside of a transaction, whose batch ends with the client's Sync.
    /// @param keepsEnd the Sync will be sent when the mark is there
    void executes(StatementClass statement, boolean keepsEnd) {
        boolean watchable = !unwatchable;
        executes(statement);
        if (statement.has(StatementKind.COPY_IN) && watchable && keepsEnd) endIsKept();
    }

    /// In the same batch the transaction has ended. What writes now commits with the batch, unless a BEGIN stands in front of it.
    private void behindEnd(boolean writes) {
        boolean commitsWithBatch = writes && !begun;
        if (asked || sent || commitsWithBatch) several = true;
        if (commitsWithBatch) sent = true;
    }

    /// Something is sent that may write and that nothing can be learnt of.
    void unwatchable() {
        wrote = true;
        unwatchable = true;
    }

    /// Something is sent that may end the transaction, and more: a text nobody has looked into, an EXECUTE of a COMMIT.
    void mayEnd() {
        unwatchable();
        nothingKnown();
        ending = true;
    }

    /// The end of what was sent is PgKeel's to send, and its mark will be asked for ahead of that.
    void endIsKept() {
        unwatchable = false;
        endKept = true;
    }

    /// What comes next ends this prepared transaction.
    /// @param ends COMMIT_PREPARED or ROLLBACK_PREPARED
    void prepared(Work ends, TransactionMark mark) {
        ofPrepared = ends;
        asked();
        answered(Optional.of(mark));
    }

    /// The mark is of the transaction that is being answered.
    boolean isMarkOwn() {
        return ofPrepared == null;
    }

    /// Something was sent that takes COPY data.
    boolean copies() {
        return copies;
    }

    /// Its end will be sent when the mark is there.
    boolean isCopyKept() {
        return copies && endKept;
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

    /// What comes next is to wait until the transaction has ended: only then it is known what it belongs to.
    boolean isEnding() {
        return ending || asked && sent;
    }

    /// The mark has to be asked for before the end is sent.
    boolean mustAsk() {
        return wrote && !asked && !unwatchable;
    }

    /// It may have no xid before its commit, and have effects all the same.
    boolean isUnmarked() {
        return work == Work.UNMARKED;
    }

    void asked() {
        asked = true;
    }

    boolean isAsked() {
        return asked;
    }

    /// The end may be sent in `strict` mode.
    boolean isAnswered() {
        return answer.isPresent() || failed;
    }

    void answered(Optional<TransactionMark> mark) {
        answer = Optional.of(new Probe.Answered(mark));
    }

    Optional<TransactionMark> mark() {
        return answer.flatMap(Probe.Answered::mark);
    }

    /// An error came in front of the answer.
    void questionFailed() {
        if (asked && answer.isEmpty()) failed = true;
        else if (asked) endFailed = true;
    }

    /// An error came behind the answer: the end itself failed, as one does whose deferred constraints are violated.
    boolean endFailed() {
        return endFailed;
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
        unwatchable = false;
        copies = false;
        endKept = false;
        ofPrepared = null;
        endsPrepared = false;
        inBlock = false;
        nothingAsked();
    }

    private void nothingAsked() {
        work = Work.TRANSACTION;
        ending = false;
        asked = false;
        failed = false;
        endFailed = false;
        answer = Optional.empty();
        sent = false;
        several = false;
    }

    /// A batch is over, and a transaction block is open. What has ended before was another one: its mark says nothing of this.
    /// @param allAnswered nothing else of the client is under way
    void batchOver(boolean allAnswered) {
        begun = false;
        inBlock = true;
        if (!allAnswered) return;
        unwatchable = false;
        copies = false;
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
        return asked || endKept ? LossRules.Knowledge.ASKED : LossRules.Knowledge.NONE;
    }

    LossRules.CommitPoint point(BackendConnection lost, boolean followed) {
        LossRules.Knowledge knowledge = knowledge(followed);
        Probe probe = switch (knowledge) {
            case NONE -> new Probe.NotSent();
            case NOTHING_WRITTEN -> new Probe.Answered(Optional.empty());
            case ASKED -> answer.<Probe>map(each -> each).orElseGet(Probe.Unanswered::new);
        };
        return new LossRules.CommitPoint(knowledge, sent && !failed, probe, lost.origin(), lost.greeting().pid(), work());
    }
}
