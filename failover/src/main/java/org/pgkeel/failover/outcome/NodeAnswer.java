package org.pgkeel.failover.outcome;

import java.util.Optional;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

/// What a server said of itself, in one statement.
/// @param checkpoint the last one, that its control file names; empty if it does not tell
public record NodeAnswer(NodeAddress node, Lifetime lifetime, Role role, Optional<Checkpoint> checkpoint) {
    public sealed interface Role {}

    /// It is in recovery.
    /// @param followed the highest timeline that it is known to replay, 0 if it does not tell
    public record Standby(int followed) implements Role {}

    /// It takes writes.
    /// @param recoveredTo `pg_last_wal_replay_lsn()`: where the recovery that this run began with ended; empty if it began without one
    public record Writable(int timeline, Optional<Lsn> recoveredTo) implements Role {}

    /// A checkpoint of a server's history.
    /// @param at      where its record begins
    /// @param alone   nobody was connected, as at a shutdown or behind a recovery: its record is where it was begun. Then, and only then, transactions with `nextXid` or a higher
    ///                xid had not begun at its place
    /// @param nextXid with its epoch, without sign
    public record Checkpoint(int timeline, Lsn at, boolean alone, long nextXid) {
        /// Its record has 114 bytes, aligned 120, and the header of a file 40. A transaction's first record has 48 at least, so that its position is further behind the end of
        /// a checkpoint that is before it.
        private static final long END_MAX = 160;

        /// Whether a history with this checkpoint, if it was made alone, is without this transaction of the same timeline: where its records should be, or behind them, its xid was free.
        boolean lacks(TransactionMark mark) {
            boolean isNotBefore = mark.position().compareTo(at) <= 0 || mark.position().bytesAhead(at) <= END_MAX;
            return isNotBefore && Long.compareUnsigned(nextXid, mark.xid()) <= 0;
        }
    }
}
