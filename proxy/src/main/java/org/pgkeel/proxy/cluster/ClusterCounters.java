package org.pgkeel.proxy.cluster;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.pgkeel.failover.hold.HoldReason;

/// What happened to a cluster since the start. Threading: shared; atomic.
final class ClusterCounters {
    private final AtomicLongArray doubts = new AtomicLongArray(DoubtReason.values().length);
    private final AtomicLongArray losses = new AtomicLongArray(HoldReason.values().length);
    private final LongAdder reigns = new LongAdder();
    private volatile String lastDoubt = "";

    void doubted(DoubtReason why) {
        lastDoubt = why.word();
        doubts.incrementAndGet(why.ordinal());
    }

    /// Why the primary was doubted last.
    Optional<String> lastDoubt() {
        return lastDoubt.isEmpty() ? Optional.empty() : Optional.of(lastDoubt);
    }

    void lost(HoldReason reason) {
        losses.incrementAndGet(reason.ordinal());
    }

    void reignChanged() {
        reigns.increment();
    }

    long doubts(DoubtReason why) {
        return doubts.get(why.ordinal());
    }

    long losses(HoldReason reason) {
        return losses.get(reason.ordinal());
    }

    long reigns() {
        return reigns.sum();
    }
}
