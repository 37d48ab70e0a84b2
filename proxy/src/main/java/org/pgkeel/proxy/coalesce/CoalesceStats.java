package org.pgkeel.proxy.coalesce;

import java.util.Locale;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.ReasonCounter;

/// What one event loop did with the rows of one rule's table: behind SHOW COALESCE and the metrics.
///
/// Threading: confined to its event loop.
final class CoalesceStats {
    /// How rows were committed.
    enum Way {
        COPY, SHARED, ALONE;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final String table;
    private final long[] rows = new long[Way.values().length];
    private final ReasonCounter failures = new ReasonCounter();
    private final LatencyHistogram waits = new LatencyHistogram();
    private final LatencyHistogram flushes = new LatencyHistogram();
    private final SpillStats spill = new SpillStats();
    private long batches;
    private long batchRows;
    private long batchBytes;
    private long heldRows;

    CoalesceStats(String table) {
        this.table = table;
    }

    void row(Way way, int count) {
        rows[way.ordinal()] += count;
    }

    /// A row waited for others, or for a lane.
    void waited(long nanos) {
        waits.record(nanos);
    }

    /// A batch is committed.
    void flushed(int rowsOfIt, int bytes, long nanos) {
        batches++;
        batchRows += rowsOfIt;
        batchBytes += bytes;
        flushes.record(nanos);
    }

    /// The server refused a batch.
    void failed(String sqlState) {
        failures.count(sqlState);
    }

    /// Rows of the same key have to go first.
    void heldBack(int rowsOfIt) {
        heldRows += rowsOfIt;
    }

    long heldRows() {
        return heldRows;
    }

    SpillStats spill() {
        return spill;
    }

    CoalesceSnapshot snapshot(int waitingRows, long bufferedBytes, int underWay, int awayRows, long awayBytes) {
        return new CoalesceSnapshot(table, rows[Way.COPY.ordinal()], rows[Way.SHARED.ordinal()], rows[Way.ALONE.ordinal()], batches, batchRows, batchBytes,
                waitingRows, bufferedBytes, underWay, waits.snapshot(), flushes.snapshot(), failures.snapshot(), spill.snapshot(awayRows, awayBytes));
    }
}
