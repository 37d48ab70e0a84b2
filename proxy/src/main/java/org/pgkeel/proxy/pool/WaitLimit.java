package org.pgkeel.proxy.pool;

import java.time.Duration;
import java.util.Optional;
import org.pgkeel.proxy.refusal.Refusal;

/// How long somebody may wait for a pool, as things stand: as long as its `max-wait` says, or, while there is a hold, that of the hold. What was waited in a
/// hold that is over does not count any more.
///
/// Threading: any.
public final class WaitLimit {
    private final LeaseGate gate;
    private final boolean open;
    private final Duration most;

    /// @param poolMaxWait where nothing is held; zero: no limit
    public WaitLimit(LeaseGate gate, Duration poolMaxWait) {
        this.gate = gate;
        this.open = gate.isOpen();
        this.most = open ? poolMaxWait : gate.maxWait();
    }

    public Duration most() {
        return most;
    }

    public boolean isOver(long sinceNanos, long nowNanos) {
        long since = open ? gate.deadlineBegins(sinceNanos) : sinceNanos;
        return !most.isZero() && nowNanos - since >= most.toNanos();
    }

    /// Since then nothing was held for that long, and is not now.
    public boolean isOpenFor(Duration time, long sinceNanos, long nowNanos) {
        return open && nowNanos - gate.deadlineBegins(sinceNanos) >= time.toNanos();
    }

    /// What is said to whom it is over for; empty where it is the pool's.
    public Optional<Refusal> ofHold() {
        return open ? Optional.empty() : Optional.of(gate.waitedTooLong());
    }
}
