package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.history.Operation;

/// pgbench's own invariants: a row of history for each transaction that it counted, and the four sums are equal.
public final class PgbenchSums {
    /// Of the whole tables.
    ///
    /// @param history how many rows
    public record Sums(long history, long deltas, long accounts, long tellers, long branches) {}

    private PgbenchSums() {}

    /// @param historyBefore rows of history when the round began
    public static List<Finding> check(List<Operation> operations, long historyBefore, Sums sums) {
        var findings = new ArrayList<Finding>();
        if (sums.deltas() != sums.accounts() || sums.deltas() != sums.tellers() || sums.deltas() != sums.branches()) {
            findings.add(Finding.of(Defect.BROKEN_TOTAL, "pgbench: the sums differ: " + sums));
        }
        long acknowledged = operations.stream().filter(Operation::acknowledged).count();
        long undecided = operations.stream().filter(Operation::undecided).count();
        long rows = sums.history() - historyBefore;
        for (long missing = rows; missing < acknowledged; missing++) findings.add(Finding.of(Defect.LOST, "pgbench: " + acknowledged + " acknowledged, " + rows + " rows of history"));
        for (long extra = acknowledged + undecided; extra < rows; extra++) {
            findings.add(Finding.of(Defect.DUPLICATED, "pgbench: " + rows + " rows of history, " + acknowledged + " acknowledged and " + undecided + " undecided"));
        }
        return findings;
    }
}
