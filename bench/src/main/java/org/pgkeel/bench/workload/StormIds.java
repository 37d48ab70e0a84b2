package org.pgkeel.bench.workload;

import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;

/// The ids that one client of [StormLoad] sends: fresh ones, and where producers repeat themselves now and then one that somebody has sent.
///
/// Threading: confined to its client's thread.
final class StormIds {
    private static final int ONE_IN_REPEATED = 8;

    private final SplittableRandom random;
    private final Optional<AtomicLongArray> sent;
    private long fresh;

    /// @param sent lately, by all clients that repeat; empty if this one does not
    StormIds(int worker, SplittableRandom random, Optional<AtomicLongArray> sent) {
        this.random = random;
        this.sent = sent;
        this.fresh = IdTables.firstId(worker);
    }

    long next() {
        if (sent.isEmpty()) return fresh++;
        AtomicLongArray lately = sent.get();
        int place = random.nextInt(lately.length());
        if (lately.get(place) != 0 && random.nextInt(ONE_IN_REPEATED) == 0) return lately.get(place);
        lately.set(place, fresh);
        return fresh++;
    }
}
