package org.pgkeel.proxy.cluster;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.pgkeel.failover.hold.HoldReason;

/// What happened to a cluster since the start. Threading: shared; atomic.
final class ClusterCounters {
    private final AtomicLongArray doubts = new AtomicLongArray(DoubtReason.values().length);
    private final AtomicLongArray losses = new AtomicLongArray(HoldReason.values().length);
    private final LongAdder reigns = new LongAdder();

    void doubted(DoubtReason why) {
        doubts.incrementAndGet(why.ordinal());
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
