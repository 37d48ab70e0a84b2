package org.pgkeel.proxy.session;

import java.util.concurrent.TimeUnit;

/// When a session that reads on the primary, because it has seen what no replica is known to have, comes back to the replicas. What is known
/// of them is always some milliseconds old, so a session that reads without a pause would never come back: now and then one of its reads
/// waits until the replicas have been asked again.
///
/// | since it left                    | a read                                                         |
/// |----------------------------------|----------------------------------------------------------------|
/// | less than 50 ms                  | goes to the primary                                             |
/// | more                             | waits, at most 15 ms                                            |
/// | a wait was in vain               | goes to the primary for twice as long as before, at most 2 s    |
///
/// Threading: confined to the session's event loop.
final class ReplicaComeback {
    /// How often a read that waits looks again.
    static final long LOOK_MILLIS = 2;
    private static final long AWAY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long AWAY_MAX_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

    private boolean away;
    private long pauseNanos;
    private long nextNanos;
    private boolean waiting;
    private long waitingSinceNanos;

    /// A replica is fit.
    void found() {
        away = false;
        waiting = false;
    }

    /// A read waits now.
    boolean isWaiting() {
        return waiting;
    }

    /// No replica is fit, as the session has seen more than is known of any.
    /// @return whether the read should wait a little; else it goes to the primary
    boolean mayWait(long nowNanos) {
        if (!away) {
            away = true;
            pauseNanos = AWAY_NANOS;
            nextNanos = nowNanos + pauseNanos;
        }
        if (nowNanos - nextNanos < 0) return false;
        if (!waiting) {
            waiting = true;
            waitingSinceNanos = nowNanos;
        }
        if (nowNanos - waitingSinceNanos < WAIT_NANOS) return true;
        waiting = false;
        pauseNanos = Math.min(2 * pauseNanos, AWAY_MAX_NANOS);
        nextNanos = nowNanos + pauseNanos;
        return false;
    }
}
