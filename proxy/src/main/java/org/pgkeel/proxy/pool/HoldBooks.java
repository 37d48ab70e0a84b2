package org.pgkeel.proxy.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.pgkeel.proxy.observe.LatencyHistogram;

/// Who was held, and what became of them. Law: held = drained + refused + gone + waiting, and as many waits are in the histogram as were
/// drained. Threading: shared; atomic, the histograms are guarded by this object.
final class HoldBooks {
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private final AtomicLong drained = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong gone = new AtomicLong();
    private final AtomicLong longestNanos = new AtomicLong();
    private final LatencyHistogram waits = new LatencyHistogram();
    private final LatencyHistogram durations = new LatencyHistogram();

    /// What a hold did so far.
    /// @param longestNanos the longest wait of one that was drained
    /// @param waits        of those that were drained
    /// @param durations    of holds that have ended
    record Page(long held, long drained, long refused, long gone, int waiting, long waitingBytes, long longestNanos, LatencyHistogram.Snapshot waits,
                LatencyHistogram.Snapshot durations) {}

    /// One more is held.
    /// @return how many are now
    int held(int bytes) {
        held.incrementAndGet();
        waitingBytes.addAndGet(bytes);
        return waiting.incrementAndGet();
    }

    /// One that is held has sent more.
    /// @return what all of them have sent
    long more(int bytes) {
        return waitingBytes.addAndGet(bytes);
    }

    int waiting() {
        return waiting.get();
    }

    long waitingBytes() {
        return waitingBytes.get();
    }

    void drained(int bytes, long waitedNanos) {
        drained.incrementAndGet();
        longestNanos.accumulateAndGet(waitedNanos, Math::max);
        synchronized (this) {
            waits.record(waitedNanos);
        }
        off(bytes);
    }

    void refused(int bytes) {
        refused.incrementAndGet();
        off(bytes);
    }

    void gone(int bytes) {
        gone.incrementAndGet();
        off(bytes);
    }

    private void off(int bytes) {
        waitingBytes.addAndGet(-bytes);
        waiting.decrementAndGet();
    }

    synchronized void ended(long durationNanos) {
        durations.record(durationNanos);
    }

    synchronized Page page() {
        return new Page(held.get(), drained.get(), refused.get(), gone.get(), waiting.get(), waitingBytes.get(), longestNanos.get(), waits.snapshot(), durations.snapshot());
    }
}
