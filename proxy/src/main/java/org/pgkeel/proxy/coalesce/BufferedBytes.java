package org.pgkeel.proxy.coalesce;

/// Bytes in memory of the requests of one rule on one event loop, over all its tables and queues: they wait, are under way with what was answered to them,
/// or are being copied to the disk. From 80 % of the rule's `max-buffered-bytes` on their clients are not read from, and requests go to disk where there is one.
///
/// Threading: confined to its event loop.
final class BufferedBytes {
    private final long mark;
    private long bytes;

    /// @param most `max-buffered-bytes`
    BufferedBytes(long most) {
        this.mark = most / 5 * 4;
    }

    /// @param more less than 0: they are not in memory any more
    void add(long more) {
        bytes += more;
        if (bytes < 0) throw new IllegalStateException(bytes + " bytes are buffered");
    }

    long bytes() {
        return bytes;
    }

    /// More than there should be; 0 below the mark.
    long tooMuch() {
        return Math.max(0, bytes - mark);
    }

    boolean isOverfull() {
        return bytes >= mark;
    }
}
