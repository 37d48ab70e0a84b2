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

    /// A checkpoint of a server's history: transactions with that xid or a higher one had not begun at its place.
    /// @param nextXid with its epoch, without sign
    public record Checkpoint(int timeline, Lsn at, long nextXid) {}

    /// It takes writes.
    /// @param recoveredTo `pg_last_wal_replay_lsn()`: where the recovery that this run began with ended; empty if it began without one
    public record Writable(int timeline, Optional<Lsn> recoveredTo) implements Role {}
}
