package org.pgkeel.proxy.coalesce;

import java.time.Duration;

/// Decides whether the rows that have gathered leave now. Pure.
///
/// A row that finds nothing under way is not delayed at all. While a batch is being committed the next one fills; it leaves when
/// that commit is done, or earlier when it has become as large as batches usually are and another lane is free. After a commit the
/// clients that were answered need a moment to send their next rows: it is granted as long as it pays, and never for longer than `max-delay`.
///
/// @param maxRows      of one batch
/// @param maxBytes     of one batch
/// @param maxDelay     longest wait of a row for others, while a lane is free
/// @param copyFromRows a batch of so many rows is cheap
record FlushPolicy(int maxRows, long maxBytes, Duration maxDelay, int copyFromRows) {
    private static final long NEVER = Long.MAX_VALUE;
    /// A wait is worth a fraction of what a commit takes.
    private static final int PATIENCE_DIVISOR = 2;

    /// @param rows        that wait
    /// @param bytes       of them
    /// @param underWay    batches and single statements that are being committed
    /// @param waitedNanos of the oldest row
    /// @param usualRows   of the last batches
    /// @param commitNanos of the last batches, from their first byte to their commit
    record Situation(int rows, long bytes, int underWay, long waitedNanos, double usualRows, long commitNanos) {}

    /// @return 0 to flush now, else nanoseconds after which to ask again if nothing changes before
    long waitNanos(Situation at) {
        if (at.rows == 0) return NEVER;
        long delay = maxDelay.toNanos();
        if (at.rows >= maxRows || at.bytes >= maxBytes || at.waitedNanos >= delay) return 0;
        if (at.underWay > 0) return at.rows >= Math.max(copyFromRows, at.usualRows) ? 0 : delay - at.waitedNanos;
        if (at.rows >= at.usualRows * 0.75) return 0;
        long patience = Math.min(delay, at.commitNanos / PATIENCE_DIVISOR);
        return Math.max(0, patience - at.waitedNanos);
    }
}
