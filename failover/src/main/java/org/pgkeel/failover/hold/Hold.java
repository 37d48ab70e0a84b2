package org.pgkeel.failover.hold;

import java.time.Duration;

/// Whether a cluster's clients are served, and if not, why and since when. A pure machine: time comes with each event.
///
/// | from     | event                        | to                              |
/// |----------|------------------------------|---------------------------------|
/// | Open     | primary lost                 | Holding                         |
/// | Holding  | primary lost, another reason | Holding, since when it began    |
/// | Holding  | primary found                | Draining                        |
/// | Holding  | primary was not lost at all  | Open                            |
/// | Holding  | tick, max-wait is over       | Refusing                        |
/// | Draining | drained, the same reign      | Open                            |
/// | Draining | primary found, another reign | Draining                        |
/// | Draining | primary lost                 | Holding                         |
/// | Refusing | primary found                | Draining                        |
/// | Refusing | primary was not lost at all  | Open                            |
/// | Refusing | primary lost, another reason | Refusing                        |
/// | any      | any other                    | the same                        |
///
/// Threading: immutable.
public sealed interface Hold {

    /// Everybody is served.
    record Open() implements Hold {}

    /// Nobody is served; who comes waits.
    /// @param sinceNanos of the caller's monotonic clock
    record Holding(long sinceNanos, HoldReason reason) implements Hold {}

    /// There is a primary; those that wait are let through at the pace of [DrainPace].
    record Draining(long reign) implements Hold {}

    /// The hold is older than the longest wait: who comes is refused at once.
    record Refusing(long sinceNanos, HoldReason reason) implements Hold {}

    /// What happens to a hold.
    sealed interface Event {
        record PrimaryLost(HoldReason reason) implements Event {}

        record PrimaryFound(long reign) implements Event {}

        /// The same server in the same life is primary after all, and nobody was kept from it for long: no pace is needed.
        record NotLost() implements Event {}

        /// Nobody waits any more who came before `reign` began.
        record Drained(long reign) implements Event {}

        record Tick() implements Event {}
    }

    Hold OPEN = new Open();

    /// @param nowNanos of a monotonic clock
    /// @param maxWait  longest wait
    static Hold next(Hold hold, Event event, long nowNanos, Duration maxWait) {
        return switch (new Given(hold, event)) {
            case Given(Open _, Event.PrimaryLost(var reason)) -> new Holding(nowNanos, reason);
            case Given(Holding(var since, _), Event.PrimaryLost(var reason)) -> new Holding(since, reason);
            case Given(Holding _, Event.PrimaryFound(var reign)) -> new Draining(reign);
            case Given(Holding(var since, var reason), Event.Tick _) when nowNanos - since >= maxWait.toNanos() -> new Refusing(since, reason);
            case Given(Holding _, Event.NotLost _), Given(Refusing _, Event.NotLost _) -> OPEN;
            case Given(Draining(var mine), Event.Drained(var theirs)) when mine == theirs -> OPEN;
            case Given(Draining _, Event.PrimaryFound(var reign)) -> new Draining(reign);
            case Given(Draining _, Event.PrimaryLost(var reason)) -> new Holding(nowNanos, reason);
            case Given(Refusing _, Event.PrimaryFound(var reign)) -> new Draining(reign);
            case Given(Refusing(var since, _), Event.PrimaryLost(var reason)) -> new Refusing(since, reason);
            case Given(Open _, Event.PrimaryFound _), Given(Open _, Event.Drained _), Given(Open _, Event.Tick _), Given(Open _, Event.NotLost _),
                 Given(Holding _, Event.Drained _), Given(Holding _, Event.Tick _),
                 Given(Draining _, Event.Drained _), Given(Draining _, Event.Tick _), Given(Draining _, Event.NotLost _),
                 Given(Refusing _, Event.Drained _), Given(Refusing _, Event.Tick _) -> hold;   // nothing changes
        };
    }

    /// Whether who comes now is served at once.
    default boolean isOpen() {
        return this instanceof Open;
    }
}
