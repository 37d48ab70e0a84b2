package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.pgkeel.bench.history.Operation;

/// The order in which rows came into a table. Rows of one client are there in the order in which it sent them, also where it did not wait
/// between them; of rows with one key, those that were acknowledged before another was sent are there before it.
public final class Order {
    /// A row, at its place in the list.
    ///
    /// @param xid of the transaction that inserted it
    public record Placed(long id, long key, long xid) {}

    private Order() {}

    /// @param operations whose ids grow with each client's sending; only acknowledged ones are judged, since others may come late
    /// @param rows       of one table, first inserted first
    public static List<Finding> check(List<Operation> operations, List<Placed> rows) {
        Map<Long, Operation> acknowledged = operations.stream().filter(o -> o.kind().writes() && o.acknowledged())
                .collect(Collectors.toMap(Operation::id, o -> o, (first, _) -> first));
        var findings = new ArrayList<Finding>();
        Map<Integer, Long> furthest = new HashMap<>();
        Map<Long, List<Long>> byKey = new HashMap<>();
        for (Placed row : rows) {
            Operation operation = acknowledged.get(row.id);
            if (operation == null) continue;
            byKey.computeIfAbsent(row.key, _ -> new ArrayList<>()).add(row.id);
            long before = furthest.getOrDefault(operation.worker(), Long.MIN_VALUE);
            if (row.id < before) {
                findings.add(Finding.of(Defect.OUT_OF_ORDER, operation, "row " + row.id + " of client " + operation.worker() + " came into the table after its row " + before + ", which it sent later"));
            }
            furthest.put(operation.worker(), Math.max(before, row.id));
        }
        byKey.forEach((_, ids) -> findings.addAll(Lists.realTime(ids.stream().map(acknowledged::get).toList(), ids)));
        return findings;
    }

    /// Rows of one key come in one transaction after another, never in two at once. A transaction of a single row may be one that
    /// was let through by itself, which has no order, so only those of several rows are judged.
    ///
    /// @param rows of one table, first inserted first
    public static List<Finding> oneAtATime(List<Placed> rows) {
        Map<Long, Long> sizes = rows.stream().collect(Collectors.groupingBy(Placed::xid, Collectors.counting()));
        var findings = new ArrayList<Finding>();
        Map<Long, Placed> latest = new HashMap<>();
        for (Placed row : rows) {
            if (sizes.get(row.xid) == 1) continue;
            Placed before = latest.put(row.key, row);
            if (before != null && row.xid < before.xid) {
                findings.add(Finding.of(Defect.OUT_OF_ORDER, "row " + row.id + " of key " + row.key + " and transaction " + row.xid + " came after row " + before.id + " of the later transaction " + before.xid));
            }
        }
        return findings;
    }
}
