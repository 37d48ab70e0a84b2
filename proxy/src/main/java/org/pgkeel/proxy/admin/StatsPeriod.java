package org.pgkeel.proxy.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.proxy.observe.StatsSnapshot;

/// The averages of SHOW STATS: what happened between the two latest samples. PgBouncer's `stats_period`.
///
/// Threading: shared; a sample replaces an immutable pair, read by any thread.
final class StatsPeriod {
    /// How often [#sample] should be called.
    static final Duration LENGTH = Duration.ofSeconds(60);

    private record Sample(Map<String, StatsSnapshot> byDatabase, Instant at) {}

    private record Pair(Sample older, Sample newer) {}

    private volatile Pair latest;

    StatsPeriod(Instant startedAt) {
        var nothing = new Sample(Map.of(), startedAt);
        latest = new Pair(nothing, nothing);
    }

    /// Ends a period and begins the next one. Called by one thread at a time.
    void sample(List<StatsSnapshot> pools, Instant now) {
        var byDatabase = new HashMap<String, StatsSnapshot>();
        for (var sum : StatsSnapshot.byDatabase(pools)) byDatabase.put(sum.database(), sum);
        latest = new Pair(latest.newer, new Sample(Map.copyOf(byDatabase), now));
    }

    /// The averages of the latest whole period; all zero while there is none.
    Averages of(String database) {
        Pair pair = latest;
        var none = StatsSnapshot.empty(database, "");
        return Averages.between(pair.older.byDatabase.getOrDefault(database, none),
                pair.newer.byDatabase.getOrDefault(database, none), Duration.between(pair.older.at, pair.newer.at));
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
