package org.pgkeel.proxy.cluster;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.probe.NodeProbe;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.watch.Strays.Checkpoint;

/// Asks a PostgreSQL over its side connection who it is.
///
/// The lifetime is that of the connection's first answer: as long as a connection lasts its server cannot have crashed, but somebody may
/// have reset its statistics. Where the next connection finds a primary under the same postmaster, and nothing was recovered since, that is
/// what has happened: it is the same life.
///
/// Threading: confined to the connection's event loop.
final class SqlProbe implements NodeProbe {
    /// The two columns of a [Lifetime], in microseconds since 1970: as timestamps their text would be that of the session's TimeZone and DateStyle.
    static final String POSTMASTER_START = "(extract(epoch from pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint::text";
    static final String STATS_RESET = "(select (extract(epoch from stats_reset) * 1000000)::bigint::text from pg_catalog.pg_stat_bgwriter)";

    /// The branches of CASE are not evaluated ahead, so no function is called that the server's role forbids. A server can be promoted between
    /// two columns; the WAL file's name decides.
    static final String SQL = """
            select case when not pg_is_in_recovery() then pg_walfile_name(pg_current_wal_insert_lsn()) end,
                   case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end,
                   %s,
                   %s,
                   case when pg_is_in_recovery() then greatest((select received_tli from pg_stat_wal_receiver where status = 'streaming'),
                                                               timeline_id) end,
                   (select system_identifier from pg_control_system()),
                   pg_last_wal_replay_lsn(),
                   timeline_id, checkpoint_lsn, extract(epoch from checkpoint_time)::bigint,
                   case when not pg_is_in_recovery() then pg_current_wal_insert_lsn() end,
                   current_setting('synchronous_commit') = 'off' or exists (select from pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) as setting
                                                                            where setting ~* '^synchronous_commit=(off|false|no|0)$')
            from pg_control_checkpoint()""".formatted(POSTMASTER_START, STATS_RESET);
    private static final int COLUMNS = 12;
    private static final int TIMELINE_DIGITS = 8;

    private final SideConnection connection;
    private final Runnable another;
    private long lifetimeOf = -1;
    private Answered answered;

    /// Who answered last. Threading: immutable.
    ///
    /// @param recoveredTo where the recovery ended that its life as primary began with, if any; null if it was no primary
    /// @param inserted    where its WAL ends, on disk or not; [Lsn#ZERO] of a standby
    /// @param asynchronous the server, a database or a role has `synchronous_commit = off`
    record Answered(Lifetime lifetime, String systemIdentifier, Checkpoint checkpoint, @Nullable String recoveredTo, Lsn inserted, boolean asynchronous) {
        /// Nobody yet.
        static final Answered NOBODY = new Answered(Lifetime.UNKNOWN, "", new Checkpoint(0, Lsn.ZERO, 0), null, Lsn.ZERO, false);
    }

    /// @param before  who answered here before this began to ask
    /// @param another called ahead of an answer that is another server's than the one before, or another run's
    SqlProbe(SideConnection connection, Answered before, Runnable another) {
        this.connection = connection;
        this.answered = before;
        this.another = another;
    }

    Answered answered() {
        return answered;
    }

    @Override
    public CompletionStage<NodeReply> ask() {
        return connection.query(SQL).handle((rows, failure) -> failure == null ? reply(rows) : silent(failure));
    }

    /// Of the cluster that its data was made for, as it said last; empty before. Who is restored or copied from another one's backup has that one's.
    String systemIdentifier() {
        return answered.systemIdentifier;
    }

    /// The one that its control file named last.
    Checkpoint checkpoint() {
        return answered.checkpoint;
    }

    /// The run of the server that answered last; [Lifetime#UNKNOWN] before the first answer.
    Lifetime lifetime() {
        return answered.lifetime;
    }

    /// Whether its server has said over the connection of now who it is.
    boolean knowsConnection() {
        return lifetimeOf == connection.connections();
    }

    /// Whether a connection has reached the server that answered here last, in its run of then.
    boolean isSame(ReachedServer there) {
        if (!there.postmasterStart().equals(answered.lifetime.postmasterStart())) return false;
        return answered.recoveredTo == null ? there.isInRecovery() : !there.isInRecovery() && there.replayed().equals(answered.recoveredTo);
    }

    /// @param walFile name of a WAL file; empty for none
    /// @return 0 for none
    static int timeline(String walFile) {
        return walFile.isEmpty() ? 0 : Integer.parseInt(walFile.substring(0, TIMELINE_DIGITS), 16);
    }

    private NodeReply reply(List<List<String>> rows) {
        if (rows.size() != 1 || rows.getFirst().size() != COLUMNS) return new NodeReply.Silent(NodeReply.Kind.NONSENSE, "an answer of another shape");
        List<String> row = rows.getFirst();
        try {
            var checkpoint = new Checkpoint(Integer.parseInt(row.get(7)), Lsn.parse(row.get(8)), Long.parseLong(row.get(9)));
            Lifetime before = answered.lifetime;
            Lifetime lifetime = before;
            if (!knowsConnection()) {
                lifetimeOf = connection.connections();
                boolean same = row.get(2).equals(before.postmasterStart()) && !row.get(0).isEmpty() && row.get(6).equals(answered.recoveredTo);
                if (!same) lifetime = new Lifetime(row.get(2), row.get(3));
                if (!before.equals(Lifetime.UNKNOWN) && !before.postmasterStart().equals(lifetime.postmasterStart())) another.run();
            }
            Lsn inserted = row.get(10).isEmpty() ? Lsn.ZERO : Lsn.parse(row.get(10)).behindLastRecord();
            answered = new Answered(lifetime, row.get(5), checkpoint, row.get(0).isEmpty() ? null : row.get(6), inserted, row.get(11).equals("t"));
            Optional<Lsn> position = row.get(1).isEmpty() ? Optional.empty() : Optional.of(Lsn.parse(row.get(1)));
            if (row.get(0).isEmpty()) return new NodeReply.Standby(row.get(4).isEmpty() ? 0 : Integer.parseInt(row.get(4)), lifetime, position);
            return new NodeReply.Writable(timeline(row.get(0)), lifetime, position.orElse(Lsn.ZERO));
        } catch (IllegalArgumentException | IndexOutOfBoundsException nonsense) {
            return new NodeReply.Silent(NodeReply.Kind.NONSENSE, "an answer that cannot be read");
        }
    }

    private static NodeReply silent(Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped && wrapped.getCause() != null ? wrapped.getCause() : failure;
        return cause instanceof SideFailure side ? new NodeReply.Silent(side.kind(), side.getMessage())
                : new NodeReply.Silent(NodeReply.Kind.NONSENSE, String.valueOf(cause.getMessage()));
    }
}
