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
    /// @param recoveredTo where the first recovery since ended
    record CrashRecovery(Lsn recoveredTo) implements Descent {}

    /// Another timeline.
    /// @param leftAt  where the surviving history leaves the transaction's timeline
    /// @param resumed where the transaction's server went on with that timeline after a crash, without anybody connected: a recovery in single-user mode writes WAL of its own behind
    ///                the last record that was saved, so that positions between the two are of records that are lost
    record Switched(Lsn leftAt, Optional<NodeAnswer.Checkpoint> resumed) implements Descent {
        public Switched(Lsn leftAt) {
            this(leftAt, Optional.empty());
        }

        /// The history that survives is without this transaction, which may have lent its xid to another one.
        boolean isBefore(TransactionMark mark) {
            return mark.position().compareTo(leftAt) > 0
                    || resumed.filter(checkpoint -> checkpoint.isNotBefore(mark.position()) && Long.compareUnsigned(checkpoint.nextXid(), mark.xid()) <= 0).isPresent();
        }
    }

    /// A history without the transaction's timeline.
    record Abandoned() implements Descent {}

    /// Another run, but where it leaves the old one is not known.
    /// @param why for the outcome, where it cannot be known without
    record Untold(CommitOutcome.Reason why) implements Descent {}

    /// Perhaps the same run, perhaps the one after a crash: the statistics were reset, and nobody has seen why.
    record PerhapsSameLife() implements Descent {}
}
