package org.pgkeel.proxy.cluster;

import java.util.Map;
import java.util.TreeMap;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.OutcomeSnapshot;

/// Counts outcomes: resolved = committed + aborted + unknown. Threading: shared, guarded by its monitor; there is nothing to count
/// but after a loss.
final class OutcomeStats {
    /// By `outcome reason`.
    private final Map<String, Long> resolved = new TreeMap<>();
    private final LatencyHistogram times = new LatencyHistogram();
    private int open;
    private long acknowledgedChecked;
    private long acknowledgedLost;
    private long acknowledgedUnknown;
    private long acknowledgedUnkept;

    synchronized void resolved(CommitOutcome outcome, long tookNanos) {
        resolved.merge(outcome.word() + " " + outcome.reason().word(), 1L, Long::sum);
        times.record(tookNanos);
    }

    synchronized void open(int now) {
        open = now;
    }

    synchronized void checked(CommitOutcome outcome) {
        acknowledgedChecked++;
        switch (outcome) {
            case CommitOutcome.Committed _ -> { }
            case CommitOutcome.Aborted _ -> acknowledgedLost++;
            case CommitOutcome.Unknown _ -> acknowledgedUnknown++;
        }
    }

    synchronized void unkept(long more) {
        acknowledgedUnkept += more;
    }

    synchronized OutcomeSnapshot snapshot(String cluster) {
        var counts = resolved.entrySet().stream().map(entry -> {
            String[] words = entry.getKey().split(" ");
            return new OutcomeSnapshot.Count(words[0], words[1], entry.getValue());
        }).toList();
        return new OutcomeSnapshot(cluster, counts, open, acknowledgedChecked, acknowledgedLost, acknowledgedUnknown, acknowledgedUnkept, times.snapshot());
    }
}
