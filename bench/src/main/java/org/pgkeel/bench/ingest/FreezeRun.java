package org.pgkeel.bench.ingest;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.pgkeel.bench.accounting.ResidentMemory;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.ProcessTable;
import org.pgkeel.bench.report.Goal;

/// PostgreSQL is stopped (SIGSTOP) in the middle of a storm whose clients have more on their way than the proxy may hold, and goes on
/// after a while. The proxy's memory has to stay bounded, and every acknowledged row has to be there once.
///
/// Threading: confined to one thread.
final class FreezeRun {
    private static final int DEPTH = 400;
    private static final Duration BEFORE = Duration.ofSeconds(6);
    private static final Duration AFTER = Duration.ofSeconds(6);
    private static final Duration LAST_ANSWERS_LIMIT = Duration.ofSeconds(90);
    private static final long SAMPLE_MILLIS = 100;
    private static final double MIB = 1024.0 * 1024;

    /// @param text  for the report
    /// @param goals that it decides
    record Outcome(String text, List<Goal> goals) {}

    private final PostgresServer postgres;
    private final int clients;
    private final Duration frozen;
    private final long growthMibMax;

    /// @param growthMibMax by which the proxy's resident memory may exceed what it had before
    FreezeRun(PostgresServer postgres, int clients, Duration frozen, long growthMibMax) {
        this.postgres = postgres;
        this.clients = clients;
        this.frozen = frozen;
        this.growthMibMax = growthMibMax;
    }

    Outcome run(Contender contender) throws IOException, InterruptedException, SQLException {
        IngestRounds.say("freeze: %d clients with %d rows each on their way through %s, PostgreSQL stopped for %d s", clients, DEPTH, contender.name(), frozen.toSeconds());
        try (Storm storm = Storm.open(contender.target().port(), postgres.login(), Manner.pipeline(DEPTH), clients, 0)) {
            storm.start();
            long before = watch(contender, BEFORE);
            long rowsBefore = storm.rows();
            List<Long> stopped = ProcessTable.tree(postgres.pid());
            ProcessTable.signal("STOP", stopped);
            long during;
            try {
                during = watch(contender, frozen);
            } finally {
                ProcessTable.signal("CONT", stopped);
            }
            long after = watch(contender, AFTER);
            boolean ended = storm.stop(LAST_ANSWERS_LIMIT);
            return judge(contender, storm, ended, rowsBefore, new long[] {before, during, after});
        }
    }

    private static long watch(Contender contender, Duration time) throws IOException, InterruptedException {
        long most = 0;
        for (long end = System.nanoTime() + time.toNanos(); System.nanoTime() < end; Thread.sleep(SAMPLE_MILLIS)) {
            most = Math.max(most, ResidentMemory.bytes(contender.proxyPid().orElseThrow()));
        }
        return most;
    }

    private Outcome judge(Contender contender, Storm storm, boolean ended, long rowsBefore, long[] resident) throws SQLException {
        Map<Integer, Kept> table = table();
        long lost = 0;
        long doubled = 0;
        long unasked = 0;
        for (int number = 0; number < storm.clients().size(); number++) {
            StormClient client = storm.clients().get(number);
            Kept kept = table.getOrDefault(number, new Kept(0, 0, 0));
            doubled += kept.rows - kept.distinct;
            // Answers come in order, so the acknowledged rows of a client without a failure are its first ones.
            lost += Math.max(0, client.acknowledgedRows() - kept.firstWithoutGap);
            unasked += Math.max(0, kept.rows - client.sentRows());
        }
        double growth = (resident[1] - resident[0]) / MIB;
        String text = String.format(Locale.ROOT, "%s: %,d rows acknowledged before the stop, %,d in all; %d lost, %d doubled, %d failed%s; resident memory %.0f MiB before, %.0f MiB while stopped, %.0f MiB after%s",
                contender.name(), rowsBefore, storm.rows(), lost, doubled, storm.failures(), storm.failures() > 0 ? " (" + storm.firstFailure() + ")" : "",
                resident[0] / MIB, resident[1] / MIB, resident[2] / MIB, ended ? "" : "; some clients had no answer " + LAST_ANSWERS_LIMIT + " later");
        IngestRounds.say("%s", text);
        return new Outcome(text, List.of(
                goal("growth of resident memory while PostgreSQL is stopped, MiB", growthMibMax, growth),
                goal("acknowledged rows lost", 0, lost),
                goal("rows doubled or never sent", 0, doubled + unasked),
                goal("rows that failed, or without an answer", 0, storm.failures() + (ended ? 0 : 1))));
    }

    private static Goal goal(String what, double limit, double measured) {
        return new Goal(what, Goal.Bound.AT_MOST, limit, OptionalDouble.of(measured));
    }

    /// @param firstWithoutGap how many of the numbers 0, 1, 2, ... are there before the first that is not
    private record Kept(long rows, long distinct, long firstWithoutGap) {}

    private Map<Integer, Kept> table() throws SQLException {
        var kept = new HashMap<Integer, Kept>();
        try (Connection connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/" + PostgresServer.DATABASE, "postgres", PostgresServer.PASSWORD);
             Statement statement = connection.createStatement();
             ResultSet row = statement.executeQuery("""
                     with numbered as (select substr(user_id::text, 25)::int client, (payload->>'seq')::bigint n from events),
                          ranked as (select client, n, dense_rank() over (partition by client order by n) - 1 place from numbered)
                     select client, count(*), count(distinct n), count(distinct n) filter (where n = place) from ranked group by client""")) {
            while (row.next()) kept.put(row.getInt(1), new Kept(row.getLong(2), row.getLong(3), row.getLong(4)));
        }
        return kept;
    }
}
