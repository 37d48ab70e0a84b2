package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.failover.watch.PrimaryWatch;

/// How often members are asked: everybody everything restlessly while something is unclear, else as the configuration says.
///
/// | what is known                                                        | pace     |
/// |----------------------------------------------------------------------|----------|
/// | something changed lately, a switchover is near, somebody answers again | restless |
/// | the primary is doubted, or suspicious                                | restless |
/// | nobody is primary, for less than [#ABSENT]                           | restless |
/// | nobody is primary, for longer                                        | calm     |
/// | all is well                                                          | calm     |
///
/// In between one question is urgent where its answer may change any moment, and clients feel how late it is heard: see [Urgent].
///
/// Threading: pure functions.
final class PollPace {
    /// Between two rounds while something is unclear.
    static final Duration RESTLESS = Duration.ofMillis(100);
    /// Between two questions that are urgent.
    static final Duration URGENT = Duration.ofMillis(25);
    /// As long as nobody is primary, who was it last is looked at over another connection so often.
    static final Duration LOOK_ANEW = Duration.ofSeconds(1);
    /// So long after a change it may be followed by another.
    static final Duration CHANGED = Duration.ofSeconds(10);
    /// Longer than a failover takes: Patroni gives a lost leader 30 s by default.
    static final Duration ABSENT = Duration.ofSeconds(60);
    /// Before a scheduled switchover everybody is asked restlessly for so long, and its leader urgently for the last of it: clocks differ.
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration VERY_SOON = Duration.ofMillis(200);
    /// A scheduled switchover that has not begun by then does not begin: Patroni drops it, or takes its time over a checkpoint.
    private static final Duration OVERDUE = Duration.ofSeconds(5);

    /// What is asked at the pace of [#URGENT].
    enum Urgent {
        /// Of Patroni, while the lease of a leader whose own Patroni is silent may end.
        WHO_LEADS,
        /// Of all PostgreSQL servers, while there is no primary.
        WHO_WRITES,
        /// Of the leader's Patroni, when its scheduled switchover is due.
        WHETHER_IT_STOPS
    }

    private PollPace() {}

    /// @param suspicious   somebody who should answer does not, or an alarm stands
    /// @param switchover   when one is planned
    /// @param changedNanos when something changed last
    static boolean isRestless(PrimaryWatch watch, boolean suspicious, Optional<Instant> switchover, long changedNanos, long nowNanos, Instant now) {
        boolean soon = switchover.filter(at -> at.minus(SOON).isBefore(now)).isPresent();
        if (soon || nowNanos - changedNanos < CHANGED.toNanos()) return true;
        return switch (watch) {
            case PrimaryWatch.Known _ -> suspicious;
            case PrimaryWatch.Doubted _ -> true;
            case PrimaryWatch.Absent(_, var since, _, _) -> nowNanos - since < ABSENT.toNanos();
        };
    }

    /// @param leaseMayEnd that of the primary, see [Urgent#WHO_LEADS]
    /// @param switchover  when one is planned
    static Set<Urgent> urgent(PrimaryWatch watch, boolean leaseMayEnd, Optional<Instant> switchover, long nowNanos, Instant now) {
        var urgent = EnumSet.noneOf(Urgent.class);
        if (leaseMayEnd) urgent.add(Urgent.WHO_LEADS);
        switch (watch) {
            case PrimaryWatch.Absent(_, var since, _, _) when nowNanos - since < ABSENT.toNanos() -> urgent.add(Urgent.WHO_WRITES);
            case PrimaryWatch.Known _ when switchover.filter(at -> isDue(at, now)).isPresent() -> urgent.add(Urgent.WHETHER_IT_STOPS);
            case PrimaryWatch.Absent _, PrimaryWatch.Known _, PrimaryWatch.Doubted _ -> { }
        }
        return urgent;
    }

    private static boolean isDue(Instant at, Instant now) {
        return at.minus(VERY_SOON).isBefore(now) && now.isBefore(at.plus(OVERDUE));
    }
}
