package org.pgkeel.bench.chaos;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.pgkeel.bench.check.Timelines.Begun;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.verdict.Return;
import org.pgkeel.bench.verdict.Return.Success;

/// The client that always knows the primary: it writes to every node itself, every few milliseconds, past the proxies. Its longest
/// time without a success is the outage that no client could have avoided.
///
/// Threading: shared, guarded by itself; each node has a thread.
final class DirectWriter implements AutoCloseable {
    private static final long PAUSE_NANOS = 20_000_000;

    /// What it saw in a round.
    ///
    /// @param longestNanos longest time between two successes
    /// @param usualNanos   the median of such times
    /// @param begun        timelines in the order of their first success, without the one that the round began with
    /// @param back         the end of the last failover's outage
    record Seen(long longestNanos, long usualNanos, List<Begun> begun, Optional<Return> back) {}

    private final List<Thread> threads = new ArrayList<>();
    private final List<Success> successes = new ArrayList<>();
    private volatile boolean writing;

    DirectWriter(PatroniCluster cluster) {
        for (PatroniNode node : cluster.nodes()) threads.add(Thread.ofPlatform().daemon().name("direct-writer-" + node.name()).start(() -> write(node)));
    }

    static List<String> schema() {
        return List.of("create table chaos_direct (id bigint generated always as identity, timeline int not null default chaos_timeline())");
    }

    synchronized void begin() {
        successes.clear();
        writing = true;
    }

    synchronized Seen end() {
        writing = false;
        var gaps = new ArrayList<Long>();
        var begun = new ArrayList<Begun>();
        var current = new ArrayList<Success>();
        for (Success success : successes) {
            if (!current.isEmpty()) {
                Success last = current.getLast();
                // Of two writable primaries the one on the lower timeline is none.
                if (success.timeline() < last.timeline()) continue;
                if (success.timeline() > last.timeline()) begun.add(new Begun(success.atNanos(), success.timeline()));
                gaps.add(success.atNanos() - last.atNanos());
            }
            current.add(success);
        }
        Collections.sort(gaps);
        return new Seen(gaps.isEmpty() ? 0 : gaps.getLast(), gaps.isEmpty() ? 0 : gaps.get(gaps.size() / 2), begun, Return.last(current));
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }

    private void write(PatroniNode node) {
        Optional<Connection> session = Optional.empty();
        while (!Thread.interrupted()) {
            LockSupport.parkNanos(PAUSE_NANOS);
            if (!writing) continue;
            try {
                if (session.isEmpty()) session = Optional.of(node.connectDirectly(PatroniCluster.APPLICATION));
                int timeline = insert(session.get());
                record(timeline, node);
            } catch (SQLException e) {
                // A standby refuses the write (25006) and is asked again in the same session; any other failure ends it.
                if (!"25006".equals(e.getSQLState())) {
                    session.ifPresent(DirectWriter::abort);
                    session = Optional.empty();
                }
            }
        }
        session.ifPresent(DirectWriter::abort);
    }

    private synchronized void record(int timeline, PatroniNode node) {
        if (writing) successes.add(new Success(System.nanoTime(), timeline, node.name()));
    }

    private static int insert(Connection session) throws SQLException {
        try (Statement statement = session.createStatement(); ResultSet row = statement.executeQuery("insert into chaos_direct default values returning timeline")) {
            row.next();
            return row.getInt(1);
        }
    }

    private static void abort(Connection session) {
        try {
            session.abort(Runnable::run);
        } catch (SQLException alreadyGone) {
            // That is what was wanted.
        }
    }
}
