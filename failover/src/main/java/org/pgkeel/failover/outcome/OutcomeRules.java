package org.pgkeel.failover.outcome;

import static org.pgkeel.failover.outcome.CommitOutcome.Reason.BEYOND_SWITCH;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.COMMITS_INSIDE;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.COMMIT_NOT_SENT;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.CRASH_UNSEEN;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.ENDED_BEFORE_MARK;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.MARK_NOT_RECEIVED;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.NOTHING_WRITTEN;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.NOT_PROBED;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.STATUS;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.STATUS_FORGOTTEN;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.STILL_PREPARED;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.TIMELINE_ABANDONED;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.UNMARKED;
import static org.pgkeel.failover.outcome.CommitOutcome.Reason.XID_NOT_SEEN;

import org.pgkeel.failover.outcome.CommitOutcome.Aborted;
import org.pgkeel.failover.outcome.CommitOutcome.Committed;
import org.pgkeel.failover.outcome.CommitOutcome.Reason;
import org.pgkeel.failover.outcome.CommitOutcome.Unknown;
import org.pgkeel.failover.outcome.Descent.Abandoned;
import org.pgkeel.failover.outcome.Descent.CleanRestart;
import org.pgkeel.failover.outcome.Descent.CrashRecovery;
import org.pgkeel.failover.outcome.Descent.PerhapsSameLife;
import org.pgkeel.failover.outcome.Descent.SameLife;
import org.pgkeel.failover.outcome.Descent.Switched;
import org.pgkeel.failover.outcome.Descent.Untold;
import org.pgkeel.failover.outcome.InFlight.Stage;
import org.pgkeel.failover.outcome.Step.Decided;

/// The outcome of a transaction that was in flight when its connection was lost: a function of what the session knew and of what has been
/// found out since. Let X be its xid, p its position, and S where the surviving history leaves the timeline it was written to.
///
/// - p > S: its commit record lies behind S and is not in the surviving history: aborted, and the survivor is **not asked**, for it may
///   have given X to another transaction.
/// - p <= S: a record that carries X was replayed, which moves the next xid beyond X, so X was not given out again: the
///   survivor's `pg_xact_status(X)` is the truth. Unless the timeline went on behind a crash at a checkpoint that is not before p and whose next xid is X or less:
///   then X's records were not saved, and it is aborted.
/// - S unknown: had X been committed in the surviving history, its status would be `committed`; so any other status means aborted, and
///   only `committed` proves nothing.
///
/// Threading: pure functions.
public final class OutcomeRules {
    private OutcomeRules() {}

    /// What to do next.
    public static Step next(InFlight lost, Evidence found) {
        return switch (lost.work()) {
            case COMMITS_INSIDE -> unknown(COMMITS_INSIDE);
            case UNMARKED, TRANSACTION, PREPARE, COMMIT_PREPARED, ROLLBACK_PREPARED -> lost.stage() == Stage.COMMIT_NOT_SENT ? aborted(COMMIT_NOT_SENT) : sent(lost, found);
        };
    }

    private static Step sent(InFlight lost, Evidence found) {
        return switch (lost.probe()) {
            case Probe.NotSent _ -> unknown(NOT_PROBED);
            case Probe.Unanswered _ -> unanswered(lost);
            case Probe.Answered(var mark) when mark.isEmpty() -> lost.work() == Work.UNMARKED ? unknown(UNMARKED) : new Decided(new Committed(NOTHING_WRITTEN));
            case Probe.Answered(var mark) -> found.descent().map(descent -> marked(lost.work(), mark.get(), descent, found)).orElseGet(Step.FindSurvivor::new);
        };
    }

    /// The answer is flushed before the server sees the commit, and TCP keeps the order. For COMMIT PREPARED and ROLLBACK PREPARED no probe goes ahead.
    private static Step unanswered(InFlight lost) {
        if (lost.work() == Work.COMMIT_PREPARED || lost.work() == Work.ROLLBACK_PREPARED) return unknown(MARK_NOT_RECEIVED);
        return switch (lost.end()) {
            case IN_ORDER -> aborted(ENDED_BEFORE_MARK);
            case BROKEN, FENCED -> unknown(MARK_NOT_RECEIVED);
        };
    }

    private static Step marked(Work work, TransactionMark mark, Descent descent, Evidence found) {
        return switch (descent) {
            case Abandoned _ -> aborted(TIMELINE_ABANDONED);
            case CrashRecovery crash when crash.isBefore(mark) -> aborted(BEYOND_SWITCH);
            case Switched switched when switched.isBefore(mark) -> aborted(BEYOND_SWITCH);
            case CrashRecovery _, Switched _, SameLife _, CleanRestart _, Untold _, PerhapsSameLife _ ->
                    found.status().map(status -> answered(work, mark, descent, status, found)).orElseGet(() -> new Step.AskStatus(mark.xid()));
        };
    }

    private static Step answered(Work work, TransactionMark mark, Descent descent, XactStatus status, Evidence found) {
        return switch (status) {
            case ABORTED -> work == Work.ROLLBACK_PREPARED ? committed(descent, STATUS) : aborted(STATUS);
            case FORGOTTEN -> unknown(STATUS_FORGOTTEN);
            case COMMITTED -> work == Work.ROLLBACK_PREPARED ? endedByOther(descent) : committed(descent, STATUS);
            case NOT_ENDED -> mayStillRun(descent) ? new Step.AskAgain(mark.xid()) : aborted(XID_NOT_SEEN);
            case IN_PROGRESS -> inProgress(mark, descent);
            case PREPARED -> prepared(work, mark, descent, found);
        };
    }

    private static Step committed(Descent descent, Reason reason) {
        return switch (descent) {
            case SameLife _, CleanRestart _, CrashRecovery _ -> new Step.ConfirmReplication();
            case Switched _ -> new Decided(new Committed(reason));
            case Untold(var why) -> unknown(why);
            case PerhapsSameLife _ -> unknown(CRASH_UNSEEN);
            case Abandoned _ -> throw new IllegalStateException("a status was asked of a history without the timeline");
        };
    }

    /// ROLLBACK PREPARED of a transaction that was committed by somebody else, if X is still the same.
    private static Step endedByOther(Descent descent) {
        return committed(descent, STATUS) instanceof Decided(Unknown unknown) ? new Decided(unknown) : aborted(STATUS);
    }

    /// X itself cannot run in another life. Where X was not given out again, it is its ghost, which a promoted server keeps for a moment.
    private static Step inProgress(TransactionMark mark, Descent descent) {
        return switch (descent) {
            case SameLife _, PerhapsSameLife _, CrashRecovery _, Switched _, CleanRestart _ -> new Step.AskAgain(mark.xid());
            case Untold _ -> aborted(XID_NOT_SEEN);
            case Abandoned _ -> throw new IllegalStateException("a status was asked of a history without the timeline");
        };
    }

    /// Whoever was to end it may be about to, as long as its backend is there.
    private static Step prepared(Work work, TransactionMark mark, Descent descent, Evidence found) {
        return switch (work) {
            case PREPARE -> committed(descent, Reason.PREPARED);
            case COMMIT_PREPARED, ROLLBACK_PREPARED -> switch (descent) {
                case SameLife _ when found.backend() == Evidence.Backend.GONE -> aborted(STILL_PREPARED);
                case SameLife _, PerhapsSameLife _ -> new Step.AskAgain(mark.xid());
                case CleanRestart _, CrashRecovery _, Switched _ -> aborted(STILL_PREPARED);
                case Untold(var why) -> unknown(why);
                case Abandoned _ -> throw new IllegalStateException("a status was asked of a history without the timeline");
            };
            case TRANSACTION, UNMARKED -> descent instanceof Untold ? aborted(XID_NOT_SEEN) : unknown(UNMARKED);
            case COMMITS_INSIDE -> throw new IllegalStateException("no status is asked for " + work);
        };
    }

    private static boolean mayStillRun(Descent descent) {
        return descent instanceof SameLife || descent instanceof PerhapsSameLife;
    }

    private static Step aborted(Reason reason) {
        return new Decided(new Aborted(reason));
    }

    private static Step unknown(Reason reason) {
        return new Decided(new Unknown(reason));
    }
}
