package org.pgkeel.proxy.cluster;

import java.util.List;

/// Which server a new connection has reached, and in which of its runs, as the server says over that connection. The watch has a connection of its own: a host name,
/// a virtual address or a load balancer may lead each of them to another server.
///
/// No two servers began in the same microsecond, so the system identifier would tell nothing more; and what was recovered tells one run from the next where the
/// postmaster goes on after a crash.
///
/// Threading: immutable.
///
/// @param postmasterStart as in `Lifetime`; empty if the answer cannot be read
/// @param timeline        that it writes; 0 in recovery
/// @param replayed        `pg_last_wal_replay_lsn()`: of a primary where the recovery ended that its run began with, empty if it began without one
public record ReachedServer(String postmasterStart, int timeline, String replayed) {
    /// One row. Its transaction is of a kind that every server can begin and that waits for nothing: a role may have `serializable` for its default, which a standby refuses,
    /// or `deferrable`, too. Names are qualified, as a role's `search_path` may be any.
    public static final String SQL = "begin transaction isolation level read committed; select case when not pg_catalog.pg_is_in_recovery()"
            + " then pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()) end, " + SqlProbe.POSTMASTER_START + ", pg_catalog.pg_last_wal_replay_lsn(); commit";
    private static final int COLUMNS = 3;
    private static final ReachedServer UNREADABLE = new ReachedServer("", 0, "");

    /// What it is to the watch.
    public enum Match {
        /// The server that is watched at this address, in its run of now.
        SAME,
        /// Another one, or another run of it.
        ANOTHER,
        /// Nobody watches there any more, or who is watched does not answer.
        UNTOLD
    }

    /// @param answer the row that [#SQL] gives
    public static ReachedServer of(List<String> answer) {
        if (answer.size() != COLUMNS) return UNREADABLE;
        try {
            return new ReachedServer(answer.get(1), SqlProbe.timeline(answer.getFirst()), answer.get(2));
        } catch (IllegalArgumentException | IndexOutOfBoundsException nonsense) {
            return UNREADABLE;
        }
    }

    public boolean isInRecovery() {
        return timeline == 0;
    }
}
