package org.pgkeel.proxy.cluster;

import java.util.Map;
import java.util.TreeMap;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.proxy.observe.LatencyHistogram;

/// Counts outcomes: resolved = committed + aborted + unknown. Threading: shared, guarded by its monitor; there is nothing to count
/// but after a loss.
public final class OutcomeStats {
    /// @param resolved         by outcome and reason, as `committed/status`
    /// @param waiting          whose outcome is open
    /// @param acknowledgedLost told as committed, and not in the surviving history
    /// @param acknowledgedOpen told as committed, and it could not be found out whether it is there
    /// @param ledgerOverrun    told as committed, and not kept for long enough to be asked for
    public record Snapshot(Map<String, Long> resolved, int waiting, long acknowledgedChecked, long acknowledgedLost, long acknowledgedOpen, long ledgerOverrun,
                           LatencyHistogram.Snapshot times) {
        public Snapshot {
            resolved = Map.copyOf(resolved);
        }
    }

    private final Map<String, Long> resolved = new TreeMap<>();
    private final LatencyHistogram times = new LatencyHistogram();
    private int waiting;
    private long acknowledgedChecked;
    private long acknowledgedLost;
    private long acknowledgedOpen;
    private long ledgerOverrun;

    synchronized void resolved(CommitOutcome outcome, long tookNanos) {
        resolved.merge(outcome.word() + "/" + outcome.reason().word(), 1L, Long::sum);
        times.record(tookNanos);
    }

    synchronized void waiting(int now) {
        waiting = now;
    }

    synchronized void checked(CommitOutcome outcome) {
        acknowledgedChecked++;
        switch (outcome) {
            case CommitOutcome.Committed _ -> { }
            case CommitOutcome.Aborted _ -> acknowledgedLost++;
            case CommitOutcome.Unknown _ -> acknowledgedOpen++;
        }
    }

    synchronized void overrun(long more) {
        ledgerOverrun += more;
    }

    public synchronized Snapshot snapshot() {
        return new Snapshot(resolved, waiting, acknowledgedChecked, acknowledgedLost, acknowledgedOpen, ledgerOverrun, times.snapshot());
    }
}
