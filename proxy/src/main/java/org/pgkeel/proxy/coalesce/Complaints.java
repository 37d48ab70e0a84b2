package org.pgkeel.proxy.coalesce;

import java.time.Duration;

/// How often the log hears of something that goes on failing: at once, then once a minute, with all that failed since.
///
/// Threading: confined to one thread.
final class Complaints {
    static final long PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

    private long failed;
    private boolean said;
    private long saidNanos;

    /// @param more that failed
    /// @return how many are to be told of; 0: none now
    long of(int more, long nowNanos) {
        failed += more;
        if (said && nowNanos - saidNanos < PAUSE_NANOS) return 0;
        long told = failed;
        said = true;
        saidNanos = nowNanos;
        failed = 0;
        return told;
    }
}
