package org.pgkeel.bench.verdict;

import java.util.List;
import java.util.OptionalDouble;
import org.pgkeel.bench.check.Timelines.Begun;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// How long the clients of a round waited, in milliseconds.
///
/// @param longestClient  longest wait of any client for something that was acknowledged in the end, retries included
/// @param longestDirect  longest time without a success of the writer that always knows the primary
/// @param firstServed    from the first success of that writer on a new timeline to the first client served that had waited for it; empty without a failover
/// @param lastServed     to the last such client
/// @param waiting        how many had waited
public record Pauses(double longestClient, double longestDirect, OptionalDouble firstServed, OptionalDouble lastServed, int waiting) {
    /// @param accepted       timelines that began in the round, the one that it began with not among them; the last one counts
    /// @param outageBegan    last success of the direct writer before it
    public static Pauses of(List<Operation> operations, double longestDirectMillis, List<Begun> accepted, long outageBegan) {
        double longest = operations.stream().filter(o -> o.acknowledged() && o.kind() != Kind.LOGIN).mapToLong(Operation::waitedNanos).max().orElse(0) / 1e6;
        if (accepted.isEmpty()) return new Pauses(longest, longestDirectMillis, OptionalDouble.empty(), OptionalDouble.empty(), 0);
        Begun last = accepted.getLast();
        double[] served = operations.stream().filter(o -> waitedFor(o, last, outageBegan))
                .mapToDouble(o -> Math.max(0, o.finishedAt() - last.sinceNanos()) / 1e6).sorted().toArray();
        if (served.length == 0) return new Pauses(longest, longestDirectMillis, OptionalDouble.empty(), OptionalDouble.empty(), 0);
        return new Pauses(longest, longestDirectMillis, OptionalDouble.of(served[0]), OptionalDouble.of(served[served.length - 1]), served.length);
    }

    /// The timeline of a write says by whom it was answered, even if that was before the direct writer got there.
    private static boolean waitedFor(Operation operation, Begun begun, long outageBegan) {
        if (!operation.kind().writes() || !(operation.outcome() instanceof Acknowledged(_, int timeline, _, _))) return false;
        return timeline == begun.timeline() && operation.invokedAt() < begun.sinceNanos() && operation.finishedAt() > outageBegan;
    }
}
