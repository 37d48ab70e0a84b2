package org.pgkeel.proxy.coalesce;

/// How many rows wait or are under way at once, when much is going on: what was seen at the departures of the last batches, the largest of them
/// longest. It follows more at once, and less within a few batches.
///
/// Threading: confined to its event loop.
final class Crowd {
    private static final double MEMORY = 0.75;

    private double rows = 1;

    double rows() {
        return rows;
    }

    /// At most one client is there.
    boolean isNone() {
        return rows < 2;
    }

    /// @param now rows that wait or are under way
    void seen(int now) {
        rows = Math.max(now, rows * MEMORY + now * (1 - MEMORY));
    }
}
