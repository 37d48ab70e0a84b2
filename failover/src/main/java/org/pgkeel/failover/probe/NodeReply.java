package org.pgkeel.failover.probe;

import java.util.Optional;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;

/// What one PostgreSQL said of itself. Threading: immutable.
public sealed interface NodeReply {
    /// It is not in recovery.
    /// @param timeline first 8 hex digits of `pg_walfile_name(pg_current_wal_insert_lsn())`: right at once after a promotion
    /// @param flushed  `pg_current_wal_flush_lsn()`
    record Writable(int timeline, Lifetime lifetime, Lsn flushed) implements NodeReply {}

    /// It is in recovery.
    /// @param timeline that it surely follows; 0 if unknown
    /// @param replayed `pg_last_wal_replay_lsn()`
    record Standby(int timeline, Lifetime lifetime, Optional<Lsn> replayed) implements NodeReply {}

    /// @param text one line
    record Silent(Kind kind, String text) implements NodeReply {}

    enum Kind {
        /// The connection ended, or there is none to be had: the server of before is not there.
        LOST("lost"),
        /// No answer in time: it hangs, or it is slow.
        TIMEOUT("timeout"),
        /// It answers, and refuses: starting up, shutting down.
        REFUSED("refused"),
        /// It lets clients in, and has no place for one more (`53300`): it lives, and what it is it does not say.
        FULL("full"),
        /// The monitor's login is not accepted.
        DENIED("denied"),
        /// An answer that PostgreSQL would not give.
        NONSENSE("nonsense");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /// In logs, metrics and the console.
        public String word() {
            return word;
        }
    }
}
