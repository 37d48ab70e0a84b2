package org.pgkeel.proxy.coalesce;

import java.time.Duration;

/// Whether rows are tried as a COPY: after many one behind the other that no COPY could say, not for a while.
///
/// Threading: confined to one event loop.
final class CopyTrials {
    static final int UNSAYABLE_MAX = 100;
    static final long PAUSE_NANOS = Duration.ofSeconds(10).toNanos();

    private int unsayable;
    private long gaveUpNanos;

    void said() {
        unsayable = 0;
    }

    void unsaid(long nowNanos) {
        if (++unsayable >= UNSAYABLE_MAX) gaveUpNanos = nowNanos;
    }

    boolean isDue(long nowNanos) {
        return unsayable < UNSAYABLE_MAX || nowNanos - gaveUpNanos >= PAUSE_NANOS;
    }
}
