package org.pgkeel.proxy.observe;

import java.util.Map;

/// The rows of one table that shared commits, on one event loop or all of them.
///
/// @param table         as clients write it
/// @param copied        rows committed by a COPY
/// @param shared        rows committed by unchanged INSERTs that shared a commit
/// @param alone         rows that ran by themselves: nothing was under way, or their batch had failed
/// @param batches       committed
/// @param batchRows     rows of all of them
/// @param batchBytes    bytes of their clients' requests
/// @param waitingRows   now
/// @param bufferedBytes of requests that wait or are under way, now
/// @param underWay      batches, now
/// @param waits         of rows, until their batch left
/// @param flushes       of batches, from their first byte to their commit
/// @param failures      batches that the server refused, by SQLSTATE
/// @param spill         requests that waited on disk
public record CoalesceSnapshot(String table, long copied, long shared, long alone, long batches, long batchRows, long batchBytes, int waitingRows, long bufferedBytes,
                               int underWay, LatencyHistogram.Snapshot waits, LatencyHistogram.Snapshot flushes, Map<String, Long> failures, SpillSnapshot spill) {
    public CoalesceSnapshot plus(CoalesceSnapshot other) {
        return new CoalesceSnapshot(table, copied + other.copied, shared + other.shared, alone + other.alone, batches + other.batches, batchRows + other.batchRows,
                batchBytes + other.batchBytes, waitingRows + other.waitingRows, bufferedBytes + other.bufferedBytes, underWay + other.underWay,
                waits.plus(other.waits), flushes.plus(other.flushes), ReasonCounter.merge(failures, other.failures), spill.plus(other.spill));
    }
}
