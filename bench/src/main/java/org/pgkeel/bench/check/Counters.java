package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// Counters, each incremented by one session and read by several: an increment happens once, and no session sees a counter
/// below what it wrote or saw.
public final class Counters {
    private Counters() {}

    /// @param finals each counter at the end, by key; all began with 0
    public static List<Finding> check(List<Operation> operations, Map<Long, Long> finals) {
        var findings = new ArrayList<Finding>();
        Map<Long, List<Operation>> byKey = operations.stream().filter(o -> o.kind() == Kind.INCREMENT || o.kind() == Kind.READ)
                .sorted(Comparator.comparingLong(Operation::invokedAt)).collect(Collectors.groupingBy(Operation::key));
        Set<Long> keys = new HashSet<>(finals.keySet());
        keys.addAll(byKey.keySet());
        for (long key : keys.stream().sorted().toList()) {
            List<Operation> ofKey = byKey.getOrDefault(key, List.of());
            List<Operation> increments = ofKey.stream().filter(o -> o.kind() == Kind.INCREMENT).toList();
            List<Finding> lost = lost(increments, finals.getOrDefault(key, 0L));
            findings.addAll(lost);
            findings.addAll(tooMany(key, increments, finals.getOrDefault(key, 0L)));
            // After a loss the counter went back: what was seen before is no measure any more. The loss itself is said.
            if (lost.isEmpty()) findings.addAll(stale(ofKey));
        }
        return findings;
    }

    /// An acknowledged value that the counter reached again later, or is below at the end, was lost in between.
    private static List<Finding> lost(List<Operation> increments, long end) {
        var findings = new ArrayList<Finding>();
        long lowestLater = Long.MAX_VALUE;
        for (Operation increment : increments.reversed()) {
            if (!(increment.outcome() instanceof Acknowledged(_, _, long value, _))) continue;
            if (value > end || lowestLater <= value) {
                findings.add(Finding.of(Defect.LOST, increment, "counter " + increment.key() + ": the increment to " + value + " was acknowledged and is gone"));
            }
            lowestLater = Math.min(lowestLater, value);
        }
        return findings.reversed();
    }

    /// The steps that no acknowledged increment made were made by undecided ones, each at most once, at any time after it was sent.
    private static List<Finding> tooMany(long key, List<Operation> increments, long end) {
        var findings = new ArrayList<Finding>();
        long last = 0;
        long undecided = 0;
        for (Operation increment : increments) {
            if (increment.undecided()) undecided++;
            if (!(increment.outcome() instanceof Acknowledged(_, _, long value, _))) continue;
            long others = Math.max(0, value - last - 1);
            if (others > undecided) {
                findings.add(Finding.of(Defect.DUPLICATED, increment,
                        "counter " + key + " went from " + last + " to " + value + " by one increment and " + undecided + " undecided"));
            }
            undecided = Math.max(0, undecided - others);
            last = value;
        }
        if (end > last + undecided) {
            findings.add(Finding.of(Defect.DUPLICATED, "counter " + key + " ended with " + end + ", after " + last + " and " + undecided + " undecided"));
        }
        return findings;
    }

    private static List<Finding> stale(List<Operation> operations) {
        var findings = new ArrayList<Finding>();
        Map<Integer, Long> highest = new HashMap<>();
        for (Operation operation : operations) {
            if (!(operation.outcome() instanceof Acknowledged(_, _, long value, _))) continue;
            long known = highest.getOrDefault(operation.worker(), 0L);
            if (value < known) {
                findings.add(Finding.of(Defect.STALE_READ, operation,
                        "client " + operation.worker() + " saw counter " + operation.key() + " at " + value + " after it had seen " + known));
            }
            highest.put(operation.worker(), Math.max(value, known));
        }
        return findings;
    }
}
