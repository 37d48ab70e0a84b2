package org.pgkeel.proxy.cluster;

import java.time.Duration;
import org.pgkeel.failover.watch.PrimaryWatch;

/// How often members are asked: restlessly while something is unclear, else as the configuration says.
///
/// | what is known                                                        | pace     |
/// |----------------------------------------------------------------------|----------|
/// | something changed lately, a switchover is near, somebody answers again | restless |
/// | the primary is doubted, or suspicious                                | restless |
/// | nobody is primary, for less than [#ABSENT]                           | restless |
/// | nobody is primary, for longer                                        | calm     |
/// | all is well                                                          | calm     |
///
/// Threading: pure functions.
final class PollPace {
    /// Between two rounds while something is unclear.
    static final Duration RESTLESS = Duration.ofMillis(100);
    /// Between two questions who leads, while the lease of a leader whose Patroni is silent may end.
    static final Duration URGENT = Duration.ofMillis(25);
    /// So long after a change it may be followed by another.
    static final Duration CHANGED = Duration.ofSeconds(10);
    /// Longer than a failover takes: Patroni gives a lost leader 30 s by default.
    static final Duration ABSENT = Duration.ofSeconds(60);

    private PollPace() {}

    /// @param suspicious   somebody who should answer does not, or an alarm stands
    /// @param scheduled    a switchover is about to begin
    /// @param changedNanos when something changed last
    static boolean isRestless(PrimaryWatch watch, boolean suspicious, boolean scheduled, long changedNanos, long nowNanos) {
        if (scheduled || nowNanos - changedNanos < CHANGED.toNanos()) return true;
        return switch (watch) {
            case PrimaryWatch.Known _ -> suspicious;
            case PrimaryWatch.Doubted _ -> true;
            case PrimaryWatch.Absent(_, var since, _, _) -> nowNanos - since < ABSENT.toNanos();
        };
    }
}
