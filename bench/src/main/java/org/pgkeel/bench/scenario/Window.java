package org.pgkeel.bench.scenario;

import java.util.Optional;
import org.pgkeel.bench.accounting.CpuTime;

/// The measured part of a run: from pgbench's first progress line to its last. Connecting, the first second and the end are outside,
/// so that logins and the ramp-up are not counted as transactions.
///
/// Threading: confined to one thread.
final class Window {
    /// The clocks of all parties at one moment.
    record Moment(long nanos, long epochMicros, CpuTime proxy, CpuTime compiler, CpuTime postgres) {}

    private Optional<Moment> first = Optional.empty();
    private Optional<Moment> last = Optional.empty();
    private double transactions;
    private long failed;

    void add(Progress progress, Moment now) {
        failed += progress.failed();
        if (first.isEmpty()) {
            first = Optional.of(now);
            return;
        }
        Moment before = last.or(() -> first).orElseThrow();
        transactions += progress.perSecond() * (now.nanos() - before.nanos()) / 1e9;
        last = Optional.of(now);
    }

    boolean isComplete() {
        return last.isPresent() && transactions > 0;
    }

    Moment first() {
        return first.orElseThrow();
    }

    Moment last() {
        return last.orElseThrow();
    }

    double transactions() {
        return transactions;
    }

    double perSecond() {
        return transactions * 1e9 / (last().nanos() - first().nanos());
    }

    long failed() {
        return failed;
    }
}
