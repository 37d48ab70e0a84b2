package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.NodeAnswer;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.XactStatus;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

/// The words of the questions about outcomes, and how their answers are read. None needs a privilege, but to end a backend and to read a
/// history file. Threading: pure functions.
final class OutcomeQuestions {
    /// The run of a server, as [Lifetime] compares it.
    static final String LIFETIME = SqlProbe.POSTMASTER_START + ", coalesce(" + SqlProbe.STATS_RESET + ", '')";

    /// Servers show at least the first hundred bytes of what they do.
    private static final String CONFIRMS = "/* pgkeel confirms */ ";

    /// A standby names the highest timeline it is known to replay; each of the three sources may be behind, or hidden from the role.
    private static final String SELF = "with self as materialized (select pg_catalog.pg_is_in_recovery() as standby) select self.standby, " + LIFETIME
            + ", case when self.standby then greatest((select received_tli from pg_catalog.pg_stat_wal_receiver),"
            + " (select min_recovery_end_timeline from pg_catalog.pg_control_recovery()), (select timeline_id from pg_catalog.pg_control_checkpoint()))"
            + " else ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int end"
            + ", coalesce(pg_catalog.pg_last_wal_replay_lsn()::text, '')"
            + ", (select timeline_id || ' ' || checkpoint_lsn || ' ' || (redo_lsn = checkpoint_lsn) || ' ' || next_xid from pg_catalog.pg_control_checkpoint())";

    /// Who are you? One row.
    static final String NODE = SELF + " from self";

    /// An xid that is not below the snapshot's end is not asked for: `pg_xact_status` fails for one of the future, and with it all others.
    private static final String STATUSES = ", x.n, case when p.transaction is not null then 'prepared'"
            + " when x.xid < pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) then coalesce(pg_catalog.pg_xact_status(x.xid), 'forgotten')"
            + " else 'not ended' end from self, unnest('{%s}'::xid8[]) with ordinality as x(xid, n)"
            + " left join pg_catalog.pg_prepared_xacts p on p.transaction = x.xid::xid order by x.n";

    private OutcomeQuestions() {}

    /// Who are you, and what became of these? One row for each, and at least one xid is needed. The answer is of one run of the server.
    static String statuses(List<Long> xids) {
        var list = new StringBuilder();
        for (long xid : xids) list.append(list.isEmpty() ? "" : ",").append(Long.toUnsignedString(xid));
        return SELF + STATUSES.formatted(list);
    }

    /// Ends the backend of a transaction that waits for its client, who is gone. Never one that waits for synchronous replication: it has
    /// committed, and would end as if it had been replicated.
    static String terminate(InFlight lost, TransactionMark mark) {
        return "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where pid = " + lost.backendPid() + " and backend_xid = '"
                + Integer.toUnsignedString((int) mark.xid()) + "'::xid and wait_event is distinct from 'SyncRep'";
    }

    /// Is its backend there, and in which run of the server? One row.
    static String backend(InFlight lost) {
        return "select " + LIFETIME + ", (select pg_catalog.count(*) from pg_catalog.pg_stat_activity where pid = " + lost.backendPid() + ")";
    }

    /// @return whether the answer to [#backend] says that it is gone, and the server is the one that it ran in
    static boolean isGone(InFlight lost, List<List<String>> rows) {
        List<String> row = rows.isEmpty() ? List.of() : rows.getFirst();
        return row.size() == 3 && lifetime(row, 0).equals(lost.origin().lifetime()) && row.get(2).equals("0");
    }

    /// Commits something, and returns when the synchronous standbys have it, and with it all that was committed before. As long as it waits for them a server
    /// does not see that it was given up, so each ends those before it.
    /// @param patience after which whoever asked has given up
    static String commitEverywhere(Duration patience) {
        return CONFIRMS + "select set_config('statement_timeout', '0', true); select set_config('synchronous_commit', 'on', true); "
                + "select set_config('client_min_messages', 'warning', true); "   // the warning that the wait was cancelled
                + "select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity where usename = current_user and wait_event = 'SyncRep' and query like '" + CONFIRMS
                + "%' and query_start < pg_catalog.clock_timestamp() - interval '" + patience.toMillis() + " ms'; select " + LIFETIME
                + ", case when current_setting('synchronous_standby_names') <> '' then pg_catalog.pg_logical_emit_message(true, 'pgkeel', ''::text)::text else '' end";
    }

    static String historyFile(int timeline) {
        return "select pg_catalog.pg_read_file('pg_wal/%08X.history')".formatted(timeline);
    }

    /// @throws IllegalArgumentException if it is no answer to [#NODE] or [#statuses]
    static NodeAnswer node(NodeAddress node, List<String> row) {
        try {
            int timeline = row.get(3).isEmpty() ? 0 : Integer.parseInt(row.get(3));
            Optional<Lsn> replayed = row.get(4).isEmpty() ? Optional.empty() : Optional.of(Lsn.parse(row.get(4)));
            NodeAnswer.Role role = isTrue(row.getFirst()) ? new NodeAnswer.Standby(timeline) : new NodeAnswer.Writable(timeline, replayed);
            return new NodeAnswer(node, lifetime(row, 1), role, checkpoint(row.get(5)));
        } catch (IndexOutOfBoundsException tooShort) {
            throw new IllegalArgumentException("columns are missing: " + row, tooShort);
        }
    }

    /// @param text timeline, position, whether it was begun there, and next xid (`epoch:xid`) of a checkpoint; empty for none
    private static Optional<NodeAnswer.Checkpoint> checkpoint(String text) {
        if (text.isEmpty()) return Optional.empty();
        String[] words = text.split("[ :]");
        long nextXid = Long.parseLong(words[3]) << 32 | Long.parseLong(words[4]);
        return Optional.of(new NodeAnswer.Checkpoint(Integer.parseInt(words[0]), Lsn.parse(words[1]), isTrue(words[2]), nextXid));
    }

    static List<XactStatus> answers(List<List<String>> rows) {
        var statuses = new ArrayList<XactStatus>();
        for (List<String> row : rows) {
            if (row.size() != 8) throw new IllegalArgumentException(row.size() + " columns");
            statuses.add(switch (row.get(7)) {
                case "committed" -> XactStatus.COMMITTED;
                case "aborted" -> XactStatus.ABORTED;
                case "in progress" -> XactStatus.IN_PROGRESS;
                case "prepared" -> XactStatus.PREPARED;
                case "not ended" -> XactStatus.NOT_ENDED;
                case "forgotten" -> XactStatus.FORGOTTEN;
                default -> throw new IllegalArgumentException("no status: " + row.get(7));
            });
        }
        return statuses;
    }

    static Lifetime lifetime(List<String> row, int at) {
        return new Lifetime(row.get(at), row.get(at + 1));
    }

    private static boolean isTrue(String text) {
        return switch (text) {
            case "t", "true" -> true;
            case "f", "false" -> false;
            default -> throw new IllegalArgumentException("no boolean: " + text);
        };
    }
}
