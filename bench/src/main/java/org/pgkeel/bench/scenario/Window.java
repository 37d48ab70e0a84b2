package org.pgkeel.bench.scenario;

import java.time.Duration;
import java.util.Optional;
import org.pgkeel.bench.accounting.CpuTime;

/// The measured part of a run: from pgbench's first progress line until the time is over. Connecting, the first second and
/// the end are outside, so that logins, the ramp-up and sessions that end are not counted as transactions.
///
/// Threading: confined to one thread.
final class Window {
    /// The clocks of all parties at one moment.
    record Moment(long nanos, long epochMicros, CpuTime proxy, CpuTime compiler, CpuTime postgres) {}

    private final Duration time;
    private Optional<Moment> first = Optional.empty();
    private Optional<Moment> last = Optional.empty();
    private double transactions;
    private long failed;

    Window(Duration time) {
        this.time = time;
    }

    void add(Progress progress, Moment now) {
        failed += progress.failed();
        if (first.isEmpty()) {
            first = Optional.of(now);
            return;
        }
        if (isOver()) return;
        Moment before = last.or(() -> first).orElseThrow();
        transactions += progress.perSecond() * (now.nanos() - before.nanos()) / 1e9;
        last = Optional.of(now);
    }

    /// Progress lines come a few milliseconds early or late.
    boolean isOver() {
        return last.isPresent() && last().nanos() - first().nanos() > time.minus(Duration.ofMillis(300)).toNanos();
    }

    boolean hasTransactions() {
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
