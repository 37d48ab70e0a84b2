package org.pgkeel.failover.watch;

import java.util.Optional;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.Primary;

/// Who is primary, and how sure that is. A pure machine: time comes with each event.
///
/// | from    | event                            | to                                   |
/// |---------|----------------------------------|--------------------------------------|
/// | Known   | doubt                            | Doubted                              |
/// | Known   | serves, the same                 | Known                                |
/// | Known   | serves, another                  | Known: the other                     |
/// | Known   | leaving, deposed, gone, blocked  | Absent                               |
/// | Known   | undecided, lives                 | Known                                |
/// | Doubted | doubt                            | Doubted, asked anew                  |
/// | Doubted | serves, the same                 | Known, since when it was             |
/// | Doubted | serves, another                  | Known: the other                     |
/// | Doubted | leaving, deposed, gone, blocked  | Absent                               |
/// | Doubted | undecided                        | Doubted                              |
/// | Doubted | lives                            | Known, if that was doubted           |
/// | Absent  | doubt, undecided, lives          | Absent                               |
/// | Absent  | serves                           | Known                                |
/// | Absent  | leaving, deposed, gone, blocked  | Absent, for that reason              |
///
/// Threading: immutable.
public sealed interface PrimaryWatch {

    /// @param sinceNanos when it was found
    record Known(Primary primary, long sinceNanos) implements PrimaryWatch {}

    /// Something happened to it that may mean nothing. Only what was asked after the doubt counts.
    record Doubted(Primary primary, long sinceNanos, long doubtNanos, Matter matter, String why) implements PrimaryWatch {}

    /// What is doubted of a primary.
    enum Matter {
        /// Whether it is there.
        LIFE,
        /// Whether it is the same, and primary: that it lives is no answer.
        IDENTITY
    }

    /// @param last       who was it last, and since when
    /// @param sinceNanos when it went; only what was asked later brings it back
    record Absent(Optional<Known> last, long sinceNanos, HoldReason reason, String why) implements PrimaryWatch {}

    /// What happens to a watch.
    sealed interface Event {
        record Doubt(Matter matter, String why) implements Event {}

        record Judged(Verdict verdict) implements Event {}
    }

    /// Before anything is known.
    static PrimaryWatch start(long nowNanos) {
        return new Absent(Optional.empty(), nowNanos, HoldReason.STARTING, "no primary has been found yet");
    }

    /// @param nowNanos of a monotonic clock
    static PrimaryWatch next(PrimaryWatch watch, Event event, long nowNanos) {
        return switch (event) {
            case Event.Doubt(var matter, var why) -> switch (watch) {
                case Known(var primary, var since) -> new Doubted(primary, since, nowNanos, matter, why);
                case Doubted(var primary, var since, _, var before, _) -> new Doubted(primary, since, nowNanos, before == Matter.IDENTITY ? before : matter, why);
                case Absent _ -> watch;
            };
            case Event.Judged(var verdict) -> switch (verdict) {
                case Verdict.Serves(var primary) -> serves(watch, primary, nowNanos);
                case Verdict.Leaving(var text) -> absent(watch, HoldReason.SWITCHOVER, text, nowNanos);
                case Verdict.Deposed(var text) -> absent(watch, HoldReason.DEPOSED, text, nowNanos);
                case Verdict.Gone(var text) -> absent(watch, HoldReason.PRIMARY_LOST, text, nowNanos);
                case Verdict.Blocked(var alarm) -> absent(watch, HoldReason.ALARM, alarm.text(), nowNanos);
                case Verdict.Lives _ -> lives(watch);
                case Verdict.Undecided _ -> watch;
            };
        };
    }

    private static PrimaryWatch serves(PrimaryWatch watch, Primary primary, long nowNanos) {
        return switch (watch) {
            case Known known when known.primary.equals(primary) -> known;
            case Doubted doubted when doubted.primary.equals(primary) -> new Known(primary, doubted.sinceNanos);
            case Absent(var last, _, _, _) when last.isPresent() && last.get().primary.equals(primary) -> last.get();
            case Known _, Doubted _, Absent _ -> new Known(primary, nowNanos);
        };
    }

    private static PrimaryWatch lives(PrimaryWatch watch) {
        return switch (watch) {
            case Doubted(var primary, var since, _, var matter, _) when matter == Matter.LIFE -> new Known(primary, since);
            case Known _, Doubted _, Absent _ -> watch;
        };
    }

    private static PrimaryWatch absent(PrimaryWatch watch, HoldReason reason, String why, long nowNanos) {
        return switch (watch) {
            case Known known -> new Absent(Optional.of(known), nowNanos, reason, why);
            case Doubted(var primary, var since, _, _, _) -> new Absent(Optional.of(new Known(primary, since)), nowNanos, reason, why);
            case Absent(var last, var since, var before, _) -> {
                // Before the first primary nothing can be lost, but an alarm is one. Who was deposed and cannot be reached by now is deposed still.
                boolean nothingNew = last.isEmpty() && reason != HoldReason.ALARM || before == HoldReason.DEPOSED && reason == HoldReason.PRIMARY_LOST;
                yield new Absent(last, since, nothingNew ? before : reason, why);
            }
        };
    }

    /// Who is primary, or was it last.
    default Optional<Known> incumbent() {
        return switch (this) {
            case Known known -> Optional.of(known);
            case Doubted(var primary, var since, _, _, _) -> Optional.of(new Known(primary, since));
            case Absent(var last, _, _, _) -> last;
        };
    }

    /// What was asked earlier says nothing for the incumbent.
    default long notBeforeNanos() {
        return switch (this) {
            case Known _ -> Evidence.NEVER;
            case Doubted(_, _, var doubt, _, _) -> doubt;
            case Absent(_, var since, _, _) -> since;
        };
    }
}
