package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;

/// Accounts and their ledger: each transfer once or not at all, and the money stays what it was, at the end and in every sum that was read.
public final class Transfers {
    /// A row of the ledger.
    public record Entry(long id, int source, int target, long amount) {}

    private Transfers() {}

    /// @param balances of all accounts at the end
    /// @param initial  balance of each account at the beginning
    public static List<Finding> check(List<Operation> operations, List<Entry> ledger, Map<Integer, Long> balances, long initial) {
        var findings = new ArrayList<>(Rows.check(operations, ledger.stream().map(Entry::id).toList()));
        Map<Integer, Long> due = new HashMap<>();
        balances.keySet().forEach(account -> due.put(account, initial));
        for (Entry entry : ledger) {
            due.merge(entry.source(), -entry.amount(), Long::sum);
            due.merge(entry.target(), entry.amount(), Long::sum);
        }
        due.forEach((account, balance) -> {
            if (!balance.equals(balances.get(account))) {
                findings.add(Finding.of(Defect.BROKEN_TOTAL, "account " + account + " has " + balances.get(account) + ", by the ledger it is " + balance));
            }
        });
        long total = initial * balances.size();
        for (Operation operation : operations) {
            if (operation.kind() == Kind.READ && operation.outcome() instanceof Outcome.Acknowledged(_, _, long seen, _) && seen != total) {
                findings.add(Finding.of(Defect.BROKEN_TOTAL, operation, "a client saw a total of " + seen + " in place of " + total));
            }
        }
        return findings;
    }
}
