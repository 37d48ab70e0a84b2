package org.pgkeel.bench.verdict;

import java.util.List;
import java.util.Optional;

/// The end of a failover's outage, as the writer saw it that always knows the primary.
///
/// A new primary under Patroni often commits for a moment and then waits until a synchronous standby has come back to it. It accepts writes when it goes on doing so.
///
/// @param timeline        of the last new primary
/// @param node            its name
/// @param lastBeforeNanos last success before the outage
/// @param sinceNanos      first success after it
public record Return(int timeline, String node, long lastBeforeNanos, long sinceNanos) {
    /// A pause within this time after a success that looked like the end shows that it was none.
    private static final long STEADY_NANOS = 1_000_000_000;

    /// A write that succeeded.
    ///
    /// @param node the name of the server that took it
    public record Success(long atNanos, int timeline, String node) {}

    /// @param successes by time; none on a timeline that is over
    /// @return empty if the timeline stayed the same
    public static Optional<Return> last(List<Success> successes) {
        Optional<Return> end = Optional.empty();
        for (int i = 1; i < successes.size(); i++) {
            Success before = successes.get(i - 1);
            Success success = successes.get(i);
            boolean promoted = success.timeline > before.timeline;
            boolean pausedAgain = success.atNanos - before.atNanos > STEADY_NANOS && end.isPresent() && before.atNanos - end.get().sinceNanos <= STEADY_NANOS;
            if (promoted || pausedAgain) end = Optional.of(new Return(success.timeline, success.node, before.atNanos, success.atNanos));
        }
        return end;
    }
}
