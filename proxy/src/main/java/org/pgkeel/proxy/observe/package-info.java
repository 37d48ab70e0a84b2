/// What can be counted, and what it looks like at one moment: counters for one event loop, and immutable snapshots.
/// Heart: [PoolStats] and [LoopStats] (counters, single writer), [PoolSnapshot] (who is active, who waits).
/// Read: [LatencyHistogram], [ClientSnapshot], [ServerSnapshot], [StatsSnapshot], [Complaints] and [LogQueue] (what the log hears, and how). A leaf: depends on `config` only.
/// Threading: counters are confined to one event loop, `snapshot()` is called on it; snapshots are immutable and are
/// added up across event loops by their `merge`.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.observe;
