package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;

/// Rows with ids that stand for one row each: every acknowledged one is there once, every failed one is not. One that was sent several times
/// is there once if any of these sendings was acknowledged, or told that it is there already, and is not there if all of them failed.
public final class Rows {
    private Rows() {}

    /// @param operations the writes; the ids of others are not looked at
    /// @param ids        of all rows at the end, as often as they are there
    public static List<Finding> check(List<Operation> operations, List<Long> ids) {
        var findings = new ArrayList<Finding>();
        Map<Long, Integer> times = new HashMap<>();
        for (long id : ids) times.merge(id, 1, Integer::sum);
        Map<Long, List<Operation>> sendings = new LinkedHashMap<>();
        for (Operation operation : operations) {
            if (operation.kind().writes()) sendings.computeIfAbsent(operation.id(), _ -> new ArrayList<>()).add(operation);
        }
        sendings.forEach((id, sent) -> {
            int there = times.getOrDefault(id, 0);
            answers(sent, there).ifPresent(findings::add);
            if (there > 1) findings.add(Finding.of(Defect.DUPLICATED, sent.getFirst(), "row " + id + " is there " + there + " times"));
        });
        times.keySet().stream().filter(id -> !sendings.containsKey(id)).sorted()
                .forEach(id -> findings.add(Finding.of(Defect.PHANTOM, "row " + id + " is there and no client wrote it")));
        return findings;
    }

    /// @param sent at least one, with one id
    private static Optional<Finding> answers(List<Operation> sent, int there) {
        Operation first = sent.getFirst();
        if (sent.size() == 1 && isThereAlready(first)) {
            return Optional.of(Finding.of(Defect.DUPLICATED, first, "fresh id " + first.id() + " violated the unique key: it was inserted twice"));
        }
        Optional<Operation> confirmed = sent.stream().filter(each -> each.acknowledged() || isThereAlready(each)).findFirst();
        if (confirmed.isPresent()) {
            return there > 0 ? Optional.empty() : Optional.of(Finding.of(Defect.LOST, confirmed.get(), "row " + first.id() + " was acknowledged and is not there"));
        }
        // Either is right where one of them is undecided.
        if (there > 0 && sent.stream().noneMatch(Operation::undecided)) {
            return Optional.of(Finding.of(Defect.RESURRECTED, first, "row " + first.id() + " failed (" + first.outcome() + ") and is there"));
        }
        return Optional.empty();
    }

    private static boolean isThereAlready(Operation operation) {
        return operation.outcome() instanceof Outcome.Failed(String sqlState) && sqlState.equals(Outcome.UNIQUE_VIOLATION);
    }
}
