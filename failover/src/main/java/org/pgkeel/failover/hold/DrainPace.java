package org.pgkeel.failover.hold;

/// How fast held clients are let through to a new primary that is still cold: so many at once, and twice as many after each full
/// round of leases that came back, until the pace is no limit any more. A lease that is kept comes back when it has begun. A pure value.
///
/// Threading: immutable; who shares it between threads swaps it atomically.
///
/// @param permits   leases that may be out at once
/// @param out       leases that are out
/// @param completed leases of this round that came back
public record DrainPace(int permits, int out, int completed) {
    /// From so many permits on nobody is kept back.
    public static final int UNLIMITED_FROM = 1024;

    /// @throws IllegalArgumentException if numbers do not fit together: a lease came back that was never out
    public DrainPace {
        if (permits < 1 || out < 0 || completed < 0 || completed >= permits) {
            throw new IllegalArgumentException(permits + " permits, " + out + " out, " + completed + " completed");
        }
    }

    /// @param concurrency the permits of the first round, 1 or more
    public static DrainPace start(int concurrency) {
        return new DrainPace(Math.max(1, concurrency), 0, 0);
    }

    public boolean isUnlimited() {
        return permits >= UNLIMITED_FROM;
    }

    /// Whether one more may go.
    public boolean mayLease() {
        return isUnlimited() || out < permits;
    }

    /// One goes.
    /// @throws IllegalStateException if none may
    public DrainPace leased() {
        if (!mayLease()) throw new IllegalStateException("all " + permits + " permits are out");
        return new DrainPace(permits, out + 1, completed);
    }

    /// One came back, however it ended.
    public DrainPace released() {
        if (completed + 1 < permits || isUnlimited()) return new DrainPace(permits, out - 1, Math.min(completed + 1, permits - 1));
        return new DrainPace(permits * 2, out - 1, 0);
    }
}
