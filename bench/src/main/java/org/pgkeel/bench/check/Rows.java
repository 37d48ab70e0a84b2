package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;

/// Rows with ids that are used once: every acknowledged one is there once, every failed one is not.
public final class Rows {
    private Rows() {}

    /// @param operations the writes; the ids of others are not looked at
    /// @param ids        of all rows at the end, as often as they are there
    public static List<Finding> check(List<Operation> operations, List<Long> ids) {
        var findings = new ArrayList<Finding>();
        Map<Long, Integer> times = new HashMap<>();
        for (long id : ids) times.merge(id, 1, Integer::sum);
        Set<Long> known = new HashSet<>();
        for (Operation operation : operations) {
            if (!operation.kind().writes()) continue;
            known.add(operation.id());
            int there = times.getOrDefault(operation.id(), 0);
            switch (operation.outcome()) {
                case Outcome.Acknowledged _ -> {
                    if (there == 0) findings.add(Finding.of(Defect.LOST, operation, "row " + operation.id() + " was acknowledged and is not there"));
                }
                case Outcome.Failed(String sqlState) when sqlState.equals(Outcome.UNIQUE_VIOLATION) ->
                        findings.add(Finding.of(Defect.DUPLICATED, operation, "fresh id " + operation.id() + " violated the unique key: it was inserted twice"));
                case Outcome.Failed(String sqlState) -> {
                    if (there > 0) findings.add(Finding.of(Defect.RESURRECTED, operation, "row " + operation.id() + " failed with " + sqlState + " and is there"));
                }
                case Outcome.Unknown _, Outcome.Closed _ -> { }     // either is right
            }
            if (there > 1) findings.add(Finding.of(Defect.DUPLICATED, operation, "row " + operation.id() + " is there " + there + " times"));
        }
        times.keySet().stream().filter(id -> !known.contains(id)).sorted()
                .forEach(id -> findings.add(Finding.of(Defect.PHANTOM, "row " + id + " is there and no client wrote it")));
        return findings;
    }
}
