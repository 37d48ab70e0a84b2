package org.pgkeel.proxy.observe;

import java.time.Duration;

/// How often the log hears of something that goes on failing: at once, up to so many times; then not until a minute is over, and then of all that failed since.
///
/// Threading: shared, guarded by itself.
public final class Complaints {
    static final long PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

    private final int linesMax;
    private long untold;
    private int lines;
    private long firstLineNanos;

    /// @param linesMax in a minute, 1 or more
    public Complaints(int linesMax) {
        this.linesMax = linesMax;
    }

    /// The end of a line that tells of the last one.
    /// @param told what [#of] answered
    public static String others(long told) {
        return told <= 1 ? "" : "; " + (told - 1) + " more since the line before";
    }

    /// @param more that failed
    /// @return how many are to be told of; 0: none now
    public synchronized long of(int more, long nowNanos) {
        untold += more;
        if (lines > 0 && nowNanos - firstLineNanos >= PAUSE_NANOS) lines = 0;
        if (lines == linesMax) return 0;
        if (lines++ == 0) firstLineNanos = nowNanos;
        long told = untold;
        untold = 0;
        return told;
    }
}
