package org.pgkeel.failover.outcome;

import java.util.Optional;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

/// What a server said of itself, in one statement.
public record NodeAnswer(NodeAddress node, Lifetime lifetime, Role role) {
    public sealed interface Role {}

    /// It is in recovery.
    /// @param followed   the highest timeline that it is known to replay, 0 if it does not tell
    /// @param checkpoint that its control file names; empty if it does not tell
    public record Standby(int followed, Optional<Checkpoint> checkpoint) implements Role {
        public Standby(int followed) {
            this(followed, Optional.empty());
        }
    }

    /// A checkpoint of a server's history.
    /// @param at      where its record begins
    /// @param alone   nobody was connected, as at a shutdown or behind a recovery: its record is where it was begun. Then, and only then, transactions with `nextXid` or a higher
    ///                xid had not begun at its place
    /// @param nextXid with its epoch, without sign
    public record Checkpoint(int timeline, Lsn at, boolean alone, long nextXid) {
        /// Its record has 114 bytes, aligned 120, and the header of a file 40. A transaction's first record has 48 at least, so that its position is further behind the end of
        /// a checkpoint that is before it.
        private static final long END_MAX = 160;

        /// Whether it is not before a transaction with this position: it is behind, or in the place of its records.
        boolean isNotBefore(Lsn position) {
            return position.compareTo(at) <= 0 || position.bytesAhead(at) <= END_MAX;
        }
    }

    /// It takes writes.
    /// @param recoveredTo `pg_last_wal_replay_lsn()`: where the recovery that this run began with ended; empty if it began without one
    public record Writable(int timeline, Optional<Lsn> recoveredTo) implements Role {}
}
