package org.pgkeel.failover.outcome;

import java.util.Optional;
import org.pgkeel.failover.topology.Lsn;

/// How the surviving primary's history follows from the history that a transaction was written to.
public sealed interface Descent {
    /// The same run of the same server.
    record SameLife() implements Descent {}

    /// The same server and timeline, shut down and started in order: nothing was lost, no xid was given out twice.
    record CleanRestart() implements Descent {}

    /// The same server and timeline after a crash.
    /// @param recoveredTo where the first recovery since ended that somebody saw
    /// @param resumed     the checkpoint that ended it
    record CrashRecovery(Lsn recoveredTo, Optional<NodeAnswer.Checkpoint> resumed) implements Descent {
        public CrashRecovery(Lsn recoveredTo) {
            this(recoveredTo, Optional.empty());
        }

        boolean isBefore(TransactionMark mark) {
            return isWithout(mark, recoveredTo, resumed);
        }
    }

    /// Another timeline.
    /// @param leftAt  where the surviving history leaves the transaction's timeline
    /// @param resumed the checkpoint at which that timeline went on after a crash, on the way to the surviving history
    record Switched(Lsn leftAt, Optional<NodeAnswer.Checkpoint> resumed) implements Descent {
        public Switched(Lsn leftAt) {
            this(leftAt, Optional.empty());
        }

        boolean isBefore(TransactionMark mark) {
            return isWithout(mark, leftAt, resumed);
        }
    }

    /// The surviving history is without this transaction, and may have lent its xid to another one. A recovery that nobody could see (Patroni's, in single-user mode, or one that
    /// was interrupted) writes WAL of its own behind the last record that was saved, so that positions before `end` may be of records that are lost.
    private static boolean isWithout(TransactionMark mark, Lsn end, Optional<NodeAnswer.Checkpoint> resumed) {
        return mark.position().compareTo(end) > 0 || resumed.filter(checkpoint -> checkpoint.lacks(mark)).isPresent();
    }

    /// A history without the transaction's timeline.
    record Abandoned() implements Descent {}

    /// Another run, but where it leaves the old one is not known.
    /// @param why for the outcome, where it cannot be known without
    record Untold(CommitOutcome.Reason why) implements Descent {}

    /// Perhaps the same run, perhaps the one after a crash: the statistics were reset, and nobody has seen why.
    record PerhapsSameLife() implements Descent {}
}
