package org.pgkeel.proxy.observe;

import java.util.List;

/// What became of one cluster's transactions that were in flight when a server was lost, since the start.
///
/// @param resolved             transactions by outcome and reason; committed + aborted + unknown
/// @param open                 transactions whose outcome is being found out
/// @param acknowledgedChecked  transactions told as committed whose presence was asked for after a change of the primary
/// @param acknowledgedLost     of these, not in the surviving history
/// @param acknowledgedUnknown  of these, neither surely there nor surely not
/// @param acknowledgedUnkept   told as committed shortly before, and crowded out of the ledger before they could be asked for
/// @param times                from the loss to the outcome
public record OutcomeSnapshot(String cluster, List<Count> resolved, int open, long acknowledgedChecked, long acknowledgedLost, long acknowledgedUnknown,
                              long acknowledgedUnkept, LatencyHistogram.Snapshot times) {
    /// @param outcome `committed`, `aborted` or `unknown`
    public record Count(String outcome, String reason, long transactions) {}

    public OutcomeSnapshot {
        resolved = List.copyOf(resolved);
    }
}
