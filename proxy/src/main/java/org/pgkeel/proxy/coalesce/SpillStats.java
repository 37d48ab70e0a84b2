package org.pgkeel.proxy.coalesce;

import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.ReasonCounter;
import org.pgkeel.proxy.observe.SpillSnapshot;

/// What one event loop's disk did for the rows of one table. Threading: confined to its event loop.
final class SpillStats {
    private final LatencyHistogram readBacks = new LatencyHistogram();
    private final ReasonCounter failures = new ReasonCounter();
    private long rows;
    private long bytes;

    void spilled(int rowsOfIt, int bytesOfIt) {
        rows += rowsOfIt;
        bytes += bytesOfIt;
    }

    void readBack(long nanos) {
        readBacks.record(nanos);
    }

    void failed(String word, int requests) {
        for (int i = 0; i < requests; i++) failures.count(word);
    }

    SpillSnapshot snapshot(int waitingRows, long waitingBytes) {
        return new SpillSnapshot(rows, bytes, waitingRows, waitingBytes, readBacks.snapshot(), failures.snapshot());
    }
}
