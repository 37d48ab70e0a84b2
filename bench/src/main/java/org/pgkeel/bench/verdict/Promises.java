package org.pgkeel.bench.verdict;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.pgkeel.bench.check.Defect;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.history.Outcome;

/// Whether a round kept what is promised. Which defects may occur depends on replication, which answers on `outcome`.
public final class Promises {
    private Promises() {}

    public static List<Broken> judge(Rules rules, List<LoadResult> loads) {
        var broken = new ArrayList<Broken>();
        for (LoadResult load : loads) {
            for (Defect defect : forbidden(rules)) {
                List<Finding> found = load.findings().stream().filter(f -> f.defect() == defect).toList();
                if (!found.isEmpty()) broken.add(new Broken(defect.words() + " 0", load.name(), found.size(), found.getFirst().what()));
            }
            broken.addAll(answers(rules, load));
        }
        return broken;
    }

    private static Set<Defect> forbidden(Rules rules) {
        return switch (rules.replication()) {
            case SYNCHRONOUS -> EnumSet.allOf(Defect.class);
            // An asynchronous failover loses what was acknowledged last; it may not do so in silence.
            case ASYNCHRONOUS -> EnumSet.complementOf(EnumSet.of(Defect.LOST, Defect.STALE_READ));
        };
    }

    private static List<Broken> answers(Rules rules, LoadResult load) {
        Tally tally = load.tally();
        var broken = new ArrayList<Broken>();
        tally.autocommitErrors().forEach((sqlState, times) -> {
            // A violated key of a fresh id is counted as a duplicate already.
            if (!rules.errorsOfFault().contains(sqlState) && !sqlState.equals(Outcome.UNIQUE_VIOLATION)) {
                broken.add(new Broken("autocommit statements, logins and rollbacks see no error", load.name(), times, sqlState));
            }
        });
        tally.transactionErrors().forEach((sqlState, times) -> {
            if (!rules.errorsOfFault().contains(sqlState) && !sqlState.equals(Outcome.SERIALIZATION_FAILURE)) {
                broken.add(new Broken("explicit transactions see only 40001", load.name(), times, sqlState));
            }
        });
        boolean mayBeUnknown = switch (rules.outcome()) {
            case STRICT -> false;
            case OFF, PIPELINED -> true;
        };
        if (tally.unknown() > 0 && !mayBeUnknown) broken.add(new Broken("unknown 0", load.name(), tally.unknown(), Outcome.RESOLUTION_UNKNOWN));
        if (tally.closed() > 0) {
            switch (rules.connections()) {
                case STAY -> broken.add(new Broken("no connection is closed", load.name(), tally.closed(), "closed with something in flight"));
                case MAY_END -> { }
            }
        }
        if (tally.hung() > 0) broken.add(new Broken("every question is answered", load.name(), tally.hung(), "the client waited in vain"));
        return broken;
    }

    /// All loads of all rounds by name, for the summary.
    public static List<LoadResult> sum(List<List<LoadResult>> rounds) {
        Map<String, LoadResult> sums = new LinkedHashMap<>();
        for (List<LoadResult> round : rounds) {
            for (LoadResult load : round) {
                sums.merge(load.name(), load, (one, other) -> {
                    var findings = new ArrayList<>(one.findings());
                    findings.addAll(other.findings());
                    return new LoadResult(one.name(), one.tally().plus(other.tally()), findings);
                });
            }
        }
        return List.copyOf(sums.values());
    }
}
