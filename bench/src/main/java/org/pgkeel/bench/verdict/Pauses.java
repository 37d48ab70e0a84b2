package org.pgkeel.bench.verdict;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// How long the clients of a round waited, in milliseconds.
///
/// @param longestClient  longest time in which any client asked and got nothing acknowledged, retries and new logins included
/// @param longestDirect  longest time without a success of the writer that always knows the primary
/// @param extra          how much more the failover cost the client that it cost most than it cost that writer: each less what such an operation usually takes, or lies apart
/// @param costliest      the workload of that client; empty without operations
/// @param firstServed    from when that writer goes on with a new primary to the first client served that had waited for it, without the time in
///                       which a fault hid the new primary from proxies; empty without a failover
/// @param lastServed     to the last such client
/// @param hidden         how long the new primary was hidden before that last client was served
/// @param waiting        how many had waited
public record Pauses(double longestClient, double longestDirect, double extra, String costliest, OptionalDouble firstServed, OptionalDouble lastServed, double hidden, int waiting) {
    /// Of the writer that always knows the primary: its longest time between two successes, and what is usual.
    public record Gap(double longestMillis, double usualMillis) {}

    /// @param loads  operations of each workload, by its name, in the order of their end; a worker's number says who is who in its workload only
    /// @param back   the end of the last failover's outage, for the direct writer
    /// @param hidden by faults, one after the other
    public static Pauses of(Map<String, List<Operation>> loads, Gap direct, Optional<Return> back, List<Hidden> hidden) {
        double longest = loads.values().stream().flatMap(load -> waits(load).stream()).mapToLong(Wait::nanos).max().orElse(0) / 1e6;
        Cost cost = loads.entrySet().stream().map(load -> new Cost(load.getKey(), costNanos(load.getValue()))).max(Comparator.comparingLong(Cost::nanos)).orElse(Cost.NONE);
        double extra = cost.nanos / 1e6 - (direct.longestMillis - direct.usualMillis);
        long[] served = back.stream().flatMapToLong(end -> loads.values().stream().flatMap(List::stream).filter(o -> waitedFor(o, end)).mapToLong(Operation::finishedAt)).sorted().toArray();
        if (served.length == 0) return new Pauses(longest, direct.longestMillis, extra, cost.workload, OptionalDouble.empty(), OptionalDouble.empty(), 0, 0);
        Return end = back.orElseThrow();
        long first = served[0];
        long last = served[served.length - 1];
        return new Pauses(longest, direct.longestMillis, extra, cost.workload, OptionalDouble.of(inSight(end, first, hidden)), OptionalDouble.of(inSight(end, last, hidden)),
                Hidden.nanos(hidden, end.node(), end.sinceNanos(), last) / 1e6, served.length);
    }

    /// What a new primary that nobody can see costs is not the proxy's; only time in which it could be seen counts.
    private static double inSight(Return back, long servedNanos, List<Hidden> hidden) {
        return Math.max(0, servedNanos - back.sinceNanos() - Hidden.nanos(hidden, back.node(), back.sinceNanos(), servedNanos)) / 1e6;
    }

    private record Cost(String workload, long nanos) {
        static final Cost NONE = new Cost("", 0);
    }

    /// What one of these operations took longest beyond what is usual for its kind: a transaction of seven statements takes a while on the best of days.
    private static long costNanos(List<Operation> operations) {
        Map<Kind, long[]> byKind = operations.stream().filter(Operation::acknowledged).collect(Collectors.groupingBy(Operation::kind,
                Collectors.collectingAndThen(Collectors.toList(), each -> each.stream().mapToLong(Operation::waitedNanos).sorted().toArray())));
        return waits(operations).stream().mapToLong(wait -> wait.nanos - median(byKind.get(wait.kind))).max().orElse(0);
    }

    private static long median(long @Nullable [] sorted) {
        return sorted == null ? 0 : sorted[sorted.length / 2];
    }

    private record Wait(Kind kind, long nanos) {}

    /// From when a client first asked in vain, or asked what was acknowledged in the end, to that acknowledgement.
    private static List<Wait> waits(List<Operation> operations) {
        var waits = new ArrayList<Wait>();
        Map<Integer, Long> inVainSince = new HashMap<>();
        for (Operation operation : operations) {
            long since = Math.min(operation.wantedAt(), inVainSince.getOrDefault(operation.worker(), Long.MAX_VALUE));
            waits.add(new Wait(operation.kind(), operation.finishedAt() - since));
            if (!operation.acknowledged()) inVainSince.put(operation.worker(), since);
            else if (operation.kind() != Kind.LOGIN) inVainSince.remove(operation.worker());
        }
        return waits;
    }

    /// The timeline of a write says by whom it was answered, even if that was before the direct writer got there.
    private static boolean waitedFor(Operation operation, Return back) {
        if (!operation.kind().writes() || !(operation.outcome() instanceof Acknowledged(_, int timeline, _, _))) return false;
        return timeline == back.timeline() && operation.invokedAt() < back.sinceNanos() && operation.finishedAt() > back.lastBeforeNanos();
    }
}
