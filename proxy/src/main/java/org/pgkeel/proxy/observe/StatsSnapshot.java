package org.pgkeel.proxy.observe;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What one pool has done since the start, see [PoolStats].
///
/// @param transactions duration of transactions; their count is the transaction count
/// @param queries      duration of query cycles; their count is the query count
/// @param waits        waits for a backend connection, of clients that had to wait
/// @param receivedBytes from clients
/// @param sentBytes     to clients
/// @param serverLifetimeMicros ages of all closed backend connections, added up
public record StatsSnapshot(
        String database,
        String user,
        LatencyHistogram.Snapshot transactions,
        LatencyHistogram.Snapshot queries,
        LatencyHistogram.Snapshot waits,
        long receivedBytes,
        long sentBytes,
        long clientParses,
        long serverParses,
        long binds,
        long serverAssignments,
        long serversClosed,
        long serverLifetimeMicros) {

    /// Nothing done yet.
    public static StatsSnapshot empty(String database, String user) {
        return new PoolStats(database, user).snapshot();
    }

    /// The counters of both; the names are this one's.
    public StatsSnapshot plus(StatsSnapshot other) {
        return new StatsSnapshot(database, user,
                transactions.plus(other.transactions), queries.plus(other.queries), waits.plus(other.waits),
                receivedBytes + other.receivedBytes, sentBytes + other.sentBytes,
                clientParses + other.clientParses, serverParses + other.serverParses, binds + other.binds,
                serverAssignments + other.serverAssignments, serversClosed + other.serversClosed,
                serverLifetimeMicros + other.serverLifetimeMicros);
    }

    /// The slices of all event loops added up: one snapshot per (database, user), in the order of first sight.
    public static List<StatsSnapshot> merge(Collection<StatsSnapshot> slices) {
        record Key(String database, String user) {}
        Map<Key, StatsSnapshot> sums = new LinkedHashMap<>();
        for (var slice : slices) sums.merge(new Key(slice.database, slice.user), slice, StatsSnapshot::plus);
        return List.copyOf(sums.values());
    }

    /// All users of a database added up, in the order of first sight; the user's name is empty.
    public static List<StatsSnapshot> byDatabase(Collection<StatsSnapshot> pools) {
        Map<String, StatsSnapshot> sums = new LinkedHashMap<>();
        for (var pool : pools) sums.merge(pool.database, empty(pool.database, "").plus(pool), StatsSnapshot::plus);
        return List.copyOf(sums.values());
    }
}
