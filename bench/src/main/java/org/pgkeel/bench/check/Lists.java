package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.pgkeel.bench.history.Fingerprint;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// Lists that only grow at their end. What anybody saw at any time is a beginning of what is there in the end; an append that
/// was acknowledged before another began stands before it; no session sees a list shorter than it wrote or saw it.
public final class Lists {
    private Lists() {}

    /// @param finals each list at the end, by key
    public static List<Finding> check(List<Operation> operations, Map<Long, List<Long>> finals) {
        var findings = new ArrayList<Finding>();
        Map<Long, List<Operation>> byKey = operations.stream().filter(o -> o.kind() != Kind.LOGIN && o.kind() != Kind.ROLLBACK)
                .collect(Collectors.groupingBy(Operation::key));
        Set<Long> keys = new HashSet<>(finals.keySet());
        keys.addAll(byKey.keySet());
        for (long key : keys.stream().sorted().toList()) {
            List<Operation> ofKey = byKey.getOrDefault(key, List.of());
            List<Long> list = finals.getOrDefault(key, List.of());
            List<Finding> members = Rows.check(ofKey, list);
            findings.addAll(members);
            // What had been seen of a list that lost something is not a beginning of what is left: that is said once, by the loss.
            if (Finding.count(members, Defect.LOST) == 0) {
                findings.addAll(beginnings(ofKey, list));
                findings.addAll(sessions(ofKey));
            }
            findings.addAll(realTime(ofKey, list));
        }
        return findings;
    }

    private static List<Finding> beginnings(List<Operation> operations, List<Long> list) {
        long[] fingerprints = new long[list.size() + 1];
        fingerprints[0] = Fingerprint.EMPTY;
        for (int i = 0; i < list.size(); i++) fingerprints[i + 1] = Fingerprint.next(fingerprints[i], list.get(i));
        var findings = new ArrayList<Finding>();
        for (Operation operation : operations) {
            if (!(operation.outcome() instanceof Acknowledged(_, _, long seen, long fingerprint))) continue;
            if (seen >= fingerprints.length || fingerprints[(int) seen] != fingerprint) {
                findings.add(Finding.of(Defect.OUT_OF_ORDER, operation,
                        "a client saw a list " + operation.key() + " of " + seen + " that is no beginning of the " + list.size() + " at the end"));
            }
        }
        return findings;
    }

    private static List<Finding> sessions(List<Operation> operations) {
        var findings = new ArrayList<Finding>();
        Map<Integer, Long> longest = new HashMap<>();
        for (Operation operation : byInvocation(operations)) {
            if (!(operation.outcome() instanceof Acknowledged(_, _, long seen, _))) continue;
            long known = longest.getOrDefault(operation.worker(), 0L);
            if (seen < known) {
                findings.add(Finding.of(Defect.STALE_READ, operation, "client " + operation.worker() + " saw " + seen + " in list " + operation.key() + " after it had seen " + known));
            }
            longest.put(operation.worker(), Math.max(seen, known));
        }
        return findings;
    }

    /// Sweeps along time: the furthest place that any finished append has taken must lie before the place of each that begins.
    static List<Finding> realTime(List<Operation> operations, List<Long> list) {
        Map<Long, Integer> places = new HashMap<>();
        for (int i = 0; i < list.size(); i++) places.putIfAbsent(list.get(i), i);
        List<Operation> appends = operations.stream().filter(o -> o.kind().writes() && o.acknowledged() && places.containsKey(o.id())).toList();
        List<Operation> finishing = appends.stream().sorted(Comparator.comparingLong(Operation::finishedAt)).toList();
        var findings = new ArrayList<Finding>();
        int finished = 0;
        int furthest = -1;
        for (Operation append : byInvocation(appends)) {
            while (finished < finishing.size() && finishing.get(finished).finishedAt() < append.invokedAt()) {
                furthest = Math.max(furthest, places.get(finishing.get(finished++).id()));
            }
            int place = places.get(append.id());
            if (place < furthest) {
                findings.add(Finding.of(Defect.OUT_OF_ORDER, append,
                        "value " + append.id() + " stands at " + place + " of list " + append.key() + ", before one that was acknowledged before it was sent"));
            }
        }
        return findings;
    }

    private static List<Operation> byInvocation(List<Operation> operations) {
        return operations.stream().sorted(Comparator.comparingLong(Operation::invokedAt)).toList();
    }
}
