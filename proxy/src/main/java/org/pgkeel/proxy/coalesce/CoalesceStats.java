package org.pgkeel.proxy.coalesce;

import java.util.EnumMap;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.ReasonCounter;
import org.pgkeel.proxy.observe.SizeHistogram;

/// What one event loop did with the rows of one rule's table: behind SHOW COALESCE and the metrics. Counting a row allocates nothing.
///
/// Threading: confined to its event loop.
final class CoalesceStats {
    private static final InsertWay[] WAYS = InsertWay.values();

    private final String table;
    private final long[] rows = new long[WAYS.length];
    private final SizeHistogram batchRows = new SizeHistogram(SizeHistogram.Unit.ROWS);
    private final SizeHistogram batchBytes = new SizeHistogram(SizeHistogram.Unit.BYTES);
    private final LatencyHistogram waits = new LatencyHistogram();
    private final LatencyHistogram flushes = new LatencyHistogram();
    private final ReasonCounter failures = new ReasonCounter();
    private final SpillStats spill = new SpillStats();
    private final DedupStats dedup;
    private boolean used;
    private long heldRows;
    private long onePartitionRows;

    CoalesceStats(String table) {
        this.table = table;
        this.dedup = new DedupStats(table);
    }

    /// Rows took a way: they are committed in a batch, or run by themselves now.
    void rows(InsertWay way, int count) {
        rows[way.ordinal()] += count;
        used = true;
    }

    /// @return rows came since it was asked last
    boolean usedSinceAsked() {
        boolean was = used;
        used = false;
        return was;
    }

    /// A request waited for others, or for a lane.
    void waited(long nanos) {
        waits.record(nanos);
    }

    /// A batch is committed.
    /// @param bytes of its clients' requests
    void flushed(int rowsOfIt, long bytes, long nanos) {
        batchRows.record(rowsOfIt);
        batchBytes.record(bytes);
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

    /// A batch left with rows of one partition.
    void ofOnePartition(int rowsOfIt) {
        onePartitionRows += rowsOfIt;
    }

    long heldRows() {
        return heldRows;
    }

    DedupStats dedup() {
        return dedup;
    }

    SpillStats spill() {
        return spill;
    }

    CoalesceSnapshot snapshot(int waitingRows, long bufferedBytes, int underWay, int awayRows, long awayBytes) {
        var ways = new EnumMap<InsertWay, Long>(InsertWay.class);
        for (InsertWay way : WAYS) if (rows[way.ordinal()] > 0) ways.put(way, rows[way.ordinal()]);
        return new CoalesceSnapshot(table, ways, batchRows.snapshot(), batchBytes.snapshot(), waitingRows, bufferedBytes, underWay, waits.snapshot(), flushes.snapshot(),
                failures.snapshot(), spill.snapshot(awayRows, awayBytes), dedup.snapshot(), onePartitionRows, heldRows);
    }
}
