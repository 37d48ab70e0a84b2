package org.pgkeel.proxy.census;

/// Which statements are looked at: all of them while there are few, and one in so many that [#LOOKS_PER_SECOND] are when there are more. The distance
/// from one to the next is random, so that no rhythm of a client can hide behind it.
///
/// Threading: confined to its event loop.
final class Sampler {
    /// About so many are looked at in a second, on one event loop.
    static final int LOOKS_PER_SECOND = 500;
    /// Before a period ends the distance is doubled each time that so many were looked at in it.
    private static final int LOOKS_BURST = 500;
    private static final int STRIDE_MAX = 1 << 20;

    private long random;
    private int stride = 1;
    private int left;
    private int looks;
    private long passed;
    private long sinceNanos;

    /// @param seed any
    Sampler(long seed, long nowNanos) {
        this.random = seed | 1;
        this.sinceNanos = nowNanos;
    }

    /// A statement passes.
    /// @return whether it is to be looked at; it stands for [#stride] of them
    boolean isDue() {
        return --left < 0;
    }

    /// It was looked at, or was found to be nothing to look at.
    /// @return for how many statements it stands
    int looked() {
        int weight = stride;
        passed += weight;
        if (++looks % LOOKS_BURST == 0 && stride < STRIDE_MAX) stride *= 2;
        left = stride == 1 ? 0 : (int) Long.remainderUnsigned(next(), 2L * stride - 1);
        return weight;
    }

    /// To be called a few times a second.
    void tick(long nowNanos) {
        long nanos = nowNanos - sinceNanos;
        if (nanos < 1_000_000_000L) return;
        long perSecond = (long) (passed * 1e9 / nanos);
        stride = (int) Math.clamp(perSecond / LOOKS_PER_SECOND, 1, STRIDE_MAX);
        if (stride == 1) left = 0;
        sinceNanos = nowNanos;
        passed = 0;
        looks = 0;
    }

    private long next() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return random;
    }
}
