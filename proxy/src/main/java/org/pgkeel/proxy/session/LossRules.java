package org.pgkeel.proxy.session;

import java.util.Set;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.InFlight.Stage;
import org.pgkeel.failover.outcome.InFlight.StreamEnd;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.relay.ServerDeath;
import org.pgkeel.proxy.statement.StatementKind;

/// Decides what becomes of a client whose backend was lost. Pure.
///
/// | the client was                                           | it gets                                                   |
/// |----------------------------------------------------------|-----------------------------------------------------------|
/// | idle outside of a transaction                            | nothing to notice                                          |
/// | in a transaction, its end not sent                       | `40001`, and stays in a failed transaction                 |
/// | the same, a write behind its ROLLBACK, nothing known     | `08007`                                                   |
/// | the same, its end in what is not known word for word     | `08007`                                                   |
/// | in a transaction that had failed                         | nothing to notice: its ROLLBACK succeeds                   |
/// | the same, a write behind its ROLLBACK in one batch       | `08007`                                                   |
/// | the same, its COMMIT behind a ROLLBACK TO in one batch   | `08007`                                                   |
/// | outside, the batch had failed                            | the error, if it was withheld, and the end of the batch    |
/// | outside, only reads under way, no row of them seen       | the same again                                            |
/// | outside, only reads under way, rows seen                 | `40001`                                                   |
/// | outside, an open batch, neither Sync nor COMMIT sent     | the same again, or `40001` where rows were seen            |
/// | outside, BEGIN and more under way, not its COMMIT        | the same again; a failed transaction where rows were seen, or something was done elsewhere |
/// | outside, a write whose end was sent, marked              | what the survivor says: its reply, the same again, `08007` |
/// | outside, a write whose end was sent, not marked          | `08007`                                                   |
/// | outside, something done elsewhere, no transaction begun  | `08007`                                                   |
/// | outside, the end of a prepared transaction, marked       | what became of that, as the survivor says                 |
/// | outside, on a replica, a write whose end was sent        | `08007`: it may have been promoted before                 |
/// | in COPY FROM STDIN, the end of the data not sent         | `40001`                                                   |
/// | at COMMIT                                                | what the survivor says: `COMMIT`, `40001`, `08007`         |
/// | where it would get the same again, too many servers dead | `40001`, in a failed transaction where it had begun one    |
final class LossRules {
    /// What leaves a transaction failed that has failed, or ends it: not `ROLLBACK TO`, which mends it.
    private static final Set<StatementKind> LEAVES_FAILED = Set.of(StatementKind.BEGIN, StatementKind.COMMIT, StatementKind.COMMIT_AND_CHAIN, StatementKind.ROLLBACK,
            StatementKind.SET_TRANSACTION, StatementKind.PREPARE_TRANSACTION);

    /// What a block of reads is made of.
    private static final Set<StatementKind> READS_IN_BLOCK = Set.of(StatementKind.BEGIN, StatementKind.COMMIT, StatementKind.COMMIT_AND_CHAIN, StatementKind.ROLLBACK, StatementKind.SAVEPOINT,
            StatementKind.SET_TRANSACTION, StatementKind.QUERY, StatementKind.SHOW, StatementKind.EXPLAIN, StatementKind.CURSOR, StatementKind.COPY_OUT, StatementKind.SESSION);

    private LossRules() {}

    /// What is known when a backend is lost.
    /// @param first  the first batch that is not answered
    /// @param whole  all that is not answered is known word for word
    /// @param commit how far the transaction's end was
    /// @param node   what was lost
    /// @param deathsWeight of the servers that have died under what is under way, this one included
    record Situation(Loss loss, BatchContents first, boolean anything, boolean whole, CommitPoint commit, Node node, int deathsWeight) {}

    /// What the backend belonged to.
    enum Node {
        PRIMARY,
        /// It commits nothing, unless it was promoted before it was lost.
        REPLICA,
        /// A replica whose error was kept from the client: for it the batch has not failed.
        REPLICA_TURNED_AWAY
    }

    /// What can be learnt of a transaction after its server is lost.
    enum Knowledge {
        /// Nothing.
        NONE,
        /// It only read.
        NOTHING_WRITTEN,
        /// Its mark was asked for ahead of its end.
        ASKED
    }

    /// How far the commit of what was under way had come.
    ///
    /// @param sent       the Sync, COMMIT or Query that commits was sent
    /// @param probe      what became of the question for the mark
    /// @param origin     the server's run
    /// @param backendPid in it
    record CommitPoint(Knowledge knowledge, boolean sent, Probe probe, Origin origin, int backendPid, Work work) {}

    static LossVerdict verdict(Situation at) {
        Loss loss = at.loss();
        if (loss.midMessage()) return new LossVerdict.Close();
        return switch (loss.status()) {
            case 'E' -> commitsThoughFailed(at) ? new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN) : new LossVerdict.FailTransaction(true, loss.visible());
            case 'T' -> inTransaction(at);
            default -> outside(at);
        };
    }

    /// In one batch, behind the end of a transaction that had failed, something was sent that may write: it commits with the batch, and is not part of what failed. Or
    /// its end was sent behind a ROLLBACK TO: it commits what was written before the savepoint.
    private static boolean commitsThoughFailed(Situation at) {
        BatchContents first = at.first();
        if (at.node() != Node.PRIMARY || at.loss().failed()) return false;
        if (!at.whole()) return at.commit().sent() || at.first().has(StatementKind.COMMIT);
        boolean commits = first.has(StatementKind.COMMIT) || first.has(StatementKind.PREPARE_TRANSACTION);
        boolean ends = commits || first.has(StatementKind.ROLLBACK);
        boolean sent = commits || first.complete() && !first.has(StatementKind.BEGIN);
        return ends && sent && !first.onlyReads() && !LEAVES_FAILED.containsAll(first.kinds());
    }

    private static LossVerdict inTransaction(Situation at) {
        Loss loss = at.loss();
        CommitPoint commit = at.commit();
        if (loss.failed() && !(loss.withheld() && commit.sent())) return new LossVerdict.FailTransaction(!loss.withheld(), loss.visible());
        if (at.node() != Node.PRIMARY) return endsTransaction(at) ? new LossVerdict.Fail(RefusalReason.PRIMARY_LOST) : new LossVerdict.FailTransaction(false, loss.visible());
        if (commit.sent()) return new LossVerdict.Resolve(inFlight(at), new LossVerdict.Fail(RefusalReason.PRIMARY_LOST));
        if (commit.knowledge() == Knowledge.NONE && mayHaveCommitted(at)) return new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN);
        if (endsTransaction(at)) return new LossVerdict.Fail(RefusalReason.PRIMARY_LOST);
        return new LossVerdict.FailTransaction(false, loss.visible());
    }

    /// Nobody has followed it: its end may have been executed without a Sync behind it, or something may have been written behind its ROLLBACK.
    private static boolean mayHaveCommitted(Situation at) {
        BatchContents first = at.first();
        if (!at.anything()) return false;
        if (first.has(StatementKind.COMMIT) || first.has(StatementKind.PREPARE_TRANSACTION)) return true;
        return first.has(StatementKind.ROLLBACK) && first.complete() && !first.has(StatementKind.BEGIN) && !first.onlyReads();
    }

    private static boolean endsTransaction(Situation at) {
        return at.anything() && (at.first().has(StatementKind.COMMIT) || at.first().has(StatementKind.PREPARE_TRANSACTION)) && at.first().complete();
    }

    private static LossVerdict outside(Situation at) {
        Loss loss = at.loss();
        if (!at.anything() && !loss.copyIn()) return new LossVerdict.Unnoticed();
        if (loss.failed() && at.node() != Node.REPLICA_TURNED_AWAY) return new LossVerdict.EndOfBatch();
        BatchContents first = at.first();
        LossVerdict again = again(at);
        if (at.node() != Node.PRIMARY && !loss.copyIn()) return mayHaveWrittenThere(at) ? new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN) : again;
        if (first.commitsInside() && first.executes() && !endsPrepared(at)) return new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN);
        if (loss.copyIn()) return new LossVerdict.Fail(RefusalReason.PRIMARY_LOST);
        CommitPoint commit = at.commit();
        if (actsElsewhere(at) && !first.beginsTransaction()) return new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN);
        if (commit.knowledge() == Knowledge.ASKED) return commit.sent() ? new LossVerdict.Resolve(inFlight(at), again) : again;
        if (!first.executes() || first.onlyReads() || commit.knowledge() == Knowledge.NOTHING_WRITTEN) return again;
        if (!first.complete() && !first.has(StatementKind.COMMIT) || first.beginsTransaction()) return again;
        return new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN);
    }

    /// A replica commits nothing, but one that is lost may have been promoted before: what writes may have been committed there. A block of reads alone is asked again.
    private static boolean mayHaveWrittenThere(Situation at) {
        BatchContents first = at.first();
        if (at.node() == Node.REPLICA_TURNED_AWAY || !at.whole() || !first.executes() || first.onlyReads()) return false;
        boolean commits = first.has(StatementKind.COMMIT);
        if (commits) return first.elsewhere() || !READS_IN_BLOCK.containsAll(first.kinds());
        return first.commitsInside() || first.complete() && !first.has(StatementKind.BEGIN);
    }

    /// By its own words, or by what it has executed.
    private static boolean actsElsewhere(Situation at) {
        BatchContents first = at.first();
        return first.elsewhere() || first.executes() && !first.onlyReads() && at.commit().work() == Work.COMMITS_INSIDE;
    }

    /// COMMIT PREPARED or ROLLBACK PREPARED alone, whose transaction is known.
    private static boolean endsPrepared(Situation at) {
        Work work = at.commit().work();
        return at.commit().knowledge() == Knowledge.ASKED && (work == Work.COMMIT_PREPARED || work == Work.ROLLBACK_PREPARED);
    }

    /// It did not happen: it may be done again, unless the client has seen rows of it, it is not known word for word, it has done something elsewhere, or servers may die of it.
    private static LossVerdict again(Situation at) {
        Loss loss = at.loss();
        boolean mayRunAgain = at.whole() && !loss.rows() && !actsElsewhere(at) && !ServerDeath.isGivenUp(at.deathsWeight());
        if (mayRunAgain) return new LossVerdict.Rerun(loss.visible());
        return at.first().beginsTransaction() ? new LossVerdict.FailTransaction(false, loss.visible()) : new LossVerdict.Fail(RefusalReason.PRIMARY_LOST);
    }

    private static InFlight inFlight(Situation at) {
        CommitPoint commit = at.commit();
        StreamEnd end = switch (at.loss().ending()) {
            case TOLD, SHUT_DOWN, END_OF_FILE -> StreamEnd.IN_ORDER;
            case BROKEN -> StreamEnd.BROKEN;
            case FENCED -> StreamEnd.FENCED;
        };
        return new InFlight(commit.origin(), commit.backendPid(), commit.work(), commit.sent() ? Stage.COMMIT_SENT : Stage.COMMIT_NOT_SENT, end, commit.probe());
    }
}
