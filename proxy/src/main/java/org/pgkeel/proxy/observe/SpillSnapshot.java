package org.pgkeel.proxy.observe;

import java.util.Map;

/// Requests of a table's clients that waited on disk.
///
/// @param rows         that went to disk so far
/// @param bytes        of their requests
/// @param waitingRows  on disk now
/// @param waitingBytes of their requests
/// @param readBacks    of portions, from the question to the file until they were back in memory
/// @param failures     requests that could not be written, or not be read back, by reason
public record SpillSnapshot(long rows, long bytes, int waitingRows, long waitingBytes, LatencyHistogram.Snapshot readBacks, Map<String, Long> failures) {
    public static final SpillSnapshot NONE = new SpillSnapshot(0, 0, 0, 0, LatencyHistogram.Snapshot.empty(), Map.of());

    SpillSnapshot plus(SpillSnapshot other) {
        return new SpillSnapshot(rows + other.rows, bytes + other.bytes, waitingRows + other.waitingRows, waitingBytes + other.waitingBytes, readBacks.plus(other.readBacks),
                ReasonCounter.merge(failures, other.failures));
    }
}
