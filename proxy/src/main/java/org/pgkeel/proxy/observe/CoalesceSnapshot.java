package org.pgkeel.proxy.observe;

import java.util.EnumMap;
import java.util.Map;

/// The rows of one table that shared commits, on one event loop or all of them.
///
/// @param table         as clients write it
/// @param rows          committed in batches, or run by themselves, by the way they took; only ways that were taken
/// @param batchRows     of committed batches
/// @param batchBytes    of their clients' requests
/// @param waitingRows   now
/// @param bufferedBytes of requests that wait or are under way, with what was answered to them, now
/// @param underWay      batches, now
/// @param waits         of requests, until their batch left
/// @param flushes       of committed batches, from their first byte to their commit
/// @param failures      batches that the server refused, by SQLSTATE
/// @param spill         requests that waited on disk
/// @param dedup         rows that were there already
/// @param onePartitionRows that left in batches of one partition, because of `lanes-by`
/// @param heldBackRows that waited for rows of their key, because of `max-in-flight-per-key`
public record CoalesceSnapshot(String table, Map<InsertWay, Long> rows, SizeHistogram.Snapshot batchRows, SizeHistogram.Snapshot batchBytes, int waitingRows, long bufferedBytes,
                               int underWay, LatencyHistogram.Snapshot waits, LatencyHistogram.Snapshot flushes, Map<String, Long> failures, SpillSnapshot spill,
                               DedupSnapshot dedup, long onePartitionRows, long heldBackRows) {
    public CoalesceSnapshot {
        rows = Map.copyOf(rows);
        failures = Map.copyOf(failures);
    }

    /// Nothing has happened.
    public static CoalesceSnapshot empty(String table) {
        return new CoalesceSnapshot(table, Map.of(), SizeHistogram.Snapshot.empty(SizeHistogram.Unit.ROWS), SizeHistogram.Snapshot.empty(SizeHistogram.Unit.BYTES), 0, 0, 0,
                LatencyHistogram.Snapshot.empty(), LatencyHistogram.Snapshot.empty(), Map.of(), SpillSnapshot.NONE, DedupSnapshot.NONE, 0, 0);
    }

    /// Rows, whichever way they took.
    public long allRows() {
        return rows.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Rows committed by a COPY.
    public long copied() {
        return rows(InsertWay.Way.COPY);
    }

    /// Rows committed by unchanged INSERTs that shared a commit.
    public long shared() {
        return rows(InsertWay.Way.SHARED);
    }

    /// Rows that ran by themselves.
    public long alone() {
        return rows(InsertWay.Way.ALONE);
    }

    /// Batches committed.
    public long batches() {
        return batchRows.count();
    }

    private long rows(InsertWay.Way way) {
        return rows.entrySet().stream().filter(each -> each.getKey().way() == way).mapToLong(Map.Entry::getValue).sum();
    }

    public CoalesceSnapshot plus(CoalesceSnapshot other) {
        var both = new EnumMap<InsertWay, Long>(InsertWay.class);
        both.putAll(rows);
        other.rows.forEach((way, count) -> both.merge(way, count, Long::sum));
        return new CoalesceSnapshot(table, both, batchRows.plus(other.batchRows), batchBytes.plus(other.batchBytes), waitingRows + other.waitingRows, bufferedBytes + other.bufferedBytes,
                underWay + other.underWay, waits.plus(other.waits), flushes.plus(other.flushes), ReasonCounter.merge(failures, other.failures), spill.plus(other.spill), dedup.plus(other.dedup),
                onePartitionRows + other.onePartitionRows, heldBackRows + other.heldBackRows);
    }
}
