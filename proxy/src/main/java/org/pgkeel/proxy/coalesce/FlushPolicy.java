package org.pgkeel.proxy.coalesce;

import java.time.Duration;

/// Decides whether the rows that have gathered leave now. Pure.
///
/// A row that finds nothing under way is not delayed at all. While a batch is being committed the next one fills; it leaves when
/// that commit is done, or earlier when it has its lane's share of the crowd and a lane is free, so that the server, the proxy and the clients
/// all have something to do at any time. Rows too few for a COPY wait a moment for those whose clients were answered just now, as long as it pays, and
/// never for longer than `max-delay`; enough of them never do, for the server would have nothing to do meanwhile.
///
/// @param maxRows      of one batch
/// @param maxBytes     of one batch
/// @param maxDelay     longest wait of a row for others, while a lane is free
/// @param copyFromRows a batch of so many rows is cheap
/// @param lanes        batches that may be under way at once
record FlushPolicy(int maxRows, long maxBytes, Duration maxDelay, int copyFromRows, int lanes) {
    private static final long NEVER = Long.MAX_VALUE;
    /// A wait is worth a fraction of what a commit takes.
    private static final int PATIENCE_DIVISOR = 2;
    /// So many of those that can be hoped for are as good as all.
    private static final double MOST = 0.75;

    /// @param rows        that wait
    /// @param bytes       of them
    /// @param underWay    batches and single statements that are being committed
    /// @param waitedNanos of the oldest row
    /// @param crowd       rows that wait or are under way when much is going on, see [Crowd]
    /// @param attainable  of the crowd: those that may leave with these rows, not counting what other lanes hold back
    /// @param commitNanos of the last batches, from their first byte to their commit
    record Situation(int rows, long bytes, int underWay, long waitedNanos, double crowd, double attainable, long commitNanos) {}

    /// Rows that a lane has when the crowd is shared out evenly, or more if that would be too few for a COPY.
    int share(double crowd) {
        return Math.min(maxRows, Math.max(copyFromRows, (int) Math.ceil(crowd / lanes)));
    }

    /// @return 0 to flush now, else nanoseconds after which to ask again if nothing changes before
    long waitNanos(Situation at) {
        if (at.rows == 0) return NEVER;
        long delay = maxDelay.toNanos();
        if (at.rows >= maxRows || at.bytes >= maxBytes || at.waitedNanos >= delay) return 0;
        if (at.underWay > 0) return at.rows >= Math.min(share(at.crowd), at.attainable * MOST) ? 0 : delay - at.waitedNanos;
        if (at.rows >= Math.min(at.crowd * MOST, copyFromRows)) return 0;
        long patience = Math.min(delay, at.commitNanos / PATIENCE_DIVISOR);
        return Math.max(0, patience - at.waitedNanos);
    }
}
