package org.pgkeel.proxy.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.StatsSnapshot;

/// The averages of SHOW STATS and SHOW COALESCE: what happened between the two latest samples. PgBouncer's `stats_period`.
///
/// Threading: shared; a sample replaces an immutable pair, read by any thread.
final class StatsPeriod {
    /// How often [#sample] should be called.
    static final Duration LENGTH = Duration.ofSeconds(60);

    private record Sample(Map<String, StatsSnapshot> byDatabase, Map<String, CoalesceSnapshot> byTable, Instant at) {}

    private record Pair(Sample older, Sample newer) {}

    private volatile Pair latest;

    StatsPeriod(Instant startedAt) {
        var nothing = new Sample(Map.of(), Map.of(), startedAt);
        latest = new Pair(nothing, nothing);
    }

    /// Ends a period and begins the next one. Called by one thread at a time.
    void sample(List<StatsSnapshot> pools, List<CoalesceSnapshot> coalesced, Instant now) {
        var byDatabase = new HashMap<String, StatsSnapshot>();
        for (var sum : StatsSnapshot.byDatabase(pools)) byDatabase.put(sum.database(), sum);
        var byTable = new HashMap<String, CoalesceSnapshot>();
        for (var table : coalesced) byTable.put(table.table(), table);
        latest = new Pair(latest.newer, new Sample(Map.copyOf(byDatabase), Map.copyOf(byTable), now));
    }

    /// The averages of the latest whole period; all zero while there is none.
    Averages of(String database) {
        Pair pair = latest;
        var none = StatsSnapshot.empty(database, "");
        return Averages.between(pair.older.byDatabase.getOrDefault(database, none),
                pair.newer.byDatabase.getOrDefault(database, none), Duration.between(pair.older.at, pair.newer.at));
    }

    /// The averages of the latest whole period of a table whose rows share commits; all zero while there is none.
    TableAverages ofTable(String table) {
        Pair pair = latest;
        var none = CoalesceSnapshot.empty(table);
        return TableAverages.between(pair.older.byTable.getOrDefault(table, none), pair.newer.byTable.getOrDefault(table, none), Duration.between(pair.older.at, pair.newer.at));
    }

    /// @param rows        per second, whichever way they took
    /// @param batchRows   per batch
    /// @param waitMicros  per request that waited
    /// @param flushMicros per batch
    record TableAverages(long rows, long batchRows, long waitMicros, long flushMicros) {
        static TableAverages between(CoalesceSnapshot older, CoalesceSnapshot newer, Duration period) {
            long batches = newer.batches() - older.batches();
            return new TableAverages(
                    Averages.perSecond(newer.allRows() - older.allRows(), period.toNanos() / 1_000),
                    Averages.perEvent(newer.batchRows().sum() - older.batchRows().sum(), batches),
                    Averages.perEvent(newer.waits().sumMicros() - older.waits().sumMicros(), newer.waits().count() - older.waits().count()),
                    Averages.perEvent(newer.flushes().sumMicros() - older.flushes().sumMicros(), batches));
        }
    }

    /// Counts and bytes per second, times in microseconds per event.
    record Averages(long assignments, long transactions, long queries, long receivedBytes, long sentBytes,
                    long transactionMicros, long queryMicros, long waitMicros,
                    long clientParses, long serverParses, long binds) {

        static Averages between(StatsSnapshot older, StatsSnapshot newer, Duration period) {
            long micros = period.toNanos() / 1_000;
            long transactions = newer.transactions().count() - older.transactions().count();
            long queries = newer.queries().count() - older.queries().count();
            long assignments = newer.serverAssignments() - older.serverAssignments();
            return new Averages(
                    perSecond(assignments, micros),
                    perSecond(transactions, micros),
                    perSecond(queries, micros),
                    perSecond(newer.receivedBytes() - older.receivedBytes(), micros),
                    perSecond(newer.sentBytes() - older.sentBytes(), micros),
                    perEvent(newer.transactions().sumMicros() - older.transactions().sumMicros(), transactions),
                    perEvent(newer.queries().sumMicros() - older.queries().sumMicros(), queries),
                    perEvent(newer.waits().sumMicros() - older.waits().sumMicros(), assignments),
                    perSecond(newer.clientParses() - older.clientParses(), micros),
                    perSecond(newer.serverParses() - older.serverParses(), micros),
                    perSecond(newer.binds() - older.binds(), micros));
        }

        private static long perSecond(long count, long micros) {
            return micros == 0 ? 0 : Math.max(0, Math.round(count * 1e6 / micros));   // a pool that nobody used is gone with its counts
        }

        private static long perEvent(long sumMicros, long events) {
            return events <= 0 ? 0 : Math.max(0, sumMicros / events);
        }
    }
}
