package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// Writes that a demoted primary answered: they began when a newer timeline already accepted writes, and were acknowledged on an older one.
public final class Timelines {
    /// @param sinceNanos when a write had succeeded on this timeline for the first time
    public record Begun(long sinceNanos, int timeline) {}

    private Timelines() {}

    public static List<Finding> check(List<Operation> operations, List<Begun> timelines) {
        var findings = new ArrayList<Finding>();
        for (Operation operation : operations) {
            if (!(operation.outcome() instanceof Acknowledged(_, int timeline, _, _)) || timeline == 0) continue;
            timelines.stream().filter(begun -> begun.timeline() > timeline && begun.sinceNanos() < operation.invokedAt()).findFirst()
                    .ifPresent(begun -> findings.add(Finding.of(Defect.DEMOTED_PRIMARY, operation,
                            "acknowledged on timeline " + timeline + ", begun %d ms after timeline %d accepted writes"
                                    .formatted((operation.invokedAt() - begun.sinceNanos()) / 1_000_000, begun.timeline()))));
        }
        return findings;
    }
}
