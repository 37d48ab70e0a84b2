package org.pgkeel.proxy.observe;

import java.time.Duration;

/// Who waits for one cluster's primary, or for the RESUME of one database, and what became of those who did.
///
/// Law: held = drained + refused + gone + waiting.
///
/// @param database         that an operator has paused; empty for the hold of the cluster
/// @param state            `open`, `holding`, `draining` or `refusing`
/// @param reason           why, while it is held; else empty
/// @param sinceNanos       how long it has been in that state
/// @param longestNanos     the longest wait of one that was drained
/// @param maxWait          the bounds: `clusters.NAME.hold.*`
/// @param durations        of holds that have ended, from their begin to the first client that is served again
/// @param waits            of clients that were drained
public record HoldSnapshot(String cluster, String database, String state, String reason, long sinceNanos, int waiting, long waitingBytes, long held, long drained,
                           long refused, long gone, long longestNanos, Duration maxWait, int maxClients, long maxBytes, int drainConcurrency,
                           LatencyHistogram.Snapshot durations, LatencyHistogram.Snapshot waits) {}
