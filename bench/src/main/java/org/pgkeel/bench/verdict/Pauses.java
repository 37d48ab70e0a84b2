package org.pgkeel.bench.verdict;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// How long the clients of a round waited, in milliseconds.
///
/// @param longestClient  longest time in which any client asked and got nothing acknowledged, retries and new logins included
/// @param longestDirect  longest time without a success of the writer that always knows the primary
/// @param firstServed    from when that writer goes on with a new primary to the first client served that had waited for it, without the time in
///                       which a fault hid the new primary from proxies; empty without a failover
/// @param lastServed     to the last such client
/// @param hidden         how long the new primary was hidden before that last client was served
/// @param waiting        how many had waited
public record Pauses(double longestClient, double longestDirect, OptionalDouble firstServed, OptionalDouble lastServed, double hidden, int waiting) {
    /// @param loads  operations of each workload by their end; a worker's number says who is who in its workload only
    /// @param back   the end of the last failover's outage, for the direct writer
    /// @param hidden by faults, one after the other
    public static Pauses of(List<List<Operation>> loads, double longestDirectMillis, Optional<Return> back, List<Hidden> hidden) {
        double longest = loads.stream().mapToLong(Pauses::longestNanos).max().orElse(0) / 1e6;
        long[] served = back.stream().flatMapToLong(end -> loads.stream().flatMap(List::stream).filter(o -> waitedFor(o, end)).mapToLong(Operation::finishedAt)).sorted().toArray();
        if (served.length == 0) return new Pauses(longest, longestDirectMillis, OptionalDouble.empty(), OptionalDouble.empty(), 0, 0);
        Return end = back.orElseThrow();
        long first = served[0];
        long last = served[served.length - 1];
        return new Pauses(longest, longestDirectMillis, OptionalDouble.of(inSight(end, first, hidden)), OptionalDouble.of(inSight(end, last, hidden)),
                Hidden.nanos(hidden, end.node(), end.sinceNanos(), last) / 1e6, served.length);
    }

    /// How much longer a client waited than the direct writer did.
    public double extra() {
        return longestClient - longestDirect;
    }

    /// What a new primary that nobody can see costs is not the proxy's; only time in which it could be seen counts.
    private static double inSight(Return back, long servedNanos, List<Hidden> hidden) {
        return Math.max(0, servedNanos - back.sinceNanos() - Hidden.nanos(hidden, back.node(), back.sinceNanos(), servedNanos)) / 1e6;
    }

    /// From when a client first asked in vain, or asked what was acknowledged in the end, to that acknowledgement.
    private static long longestNanos(List<Operation> operations) {
        long longest = 0;
        Map<Integer, Long> inVainSince = new HashMap<>();
        for (Operation operation : operations) {
            long since = Math.min(operation.wantedAt(), inVainSince.getOrDefault(operation.worker(), Long.MAX_VALUE));
            longest = Math.max(longest, operation.finishedAt() - since);
            if (!operation.acknowledged()) inVainSince.put(operation.worker(), since);
            else if (operation.kind() != Kind.LOGIN) inVainSince.remove(operation.worker());
        }
        return longest;
    }

    /// The timeline of a write says by whom it was answered, even if that was before the direct writer got there.
    private static boolean waitedFor(Operation operation, Return back) {
        if (!operation.kind().writes() || !(operation.outcome() instanceof Acknowledged(_, int timeline, _, _))) return false;
        return timeline == back.timeline() && operation.invokedAt() < back.sinceNanos() && operation.finishedAt() > back.lastBeforeNanos();
    }
}
