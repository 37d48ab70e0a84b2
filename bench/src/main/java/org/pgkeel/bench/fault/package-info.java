/// What can be done to a cluster and to the proxies in front of it, and undone.
/// Heart: [Fault]. Read: [Injection] (damage that is done and not undone yet), [Until] (how long it should last), [Hides] (from whom
/// proxies get no answer), [Scene] (whom it can
/// hit), [Faults] (all of them by name), then the kinds: [Switchover], [Kill], [Stop], [Freeze], [Cut], [SpoiltLink], [LostPackets],
/// [DcsDown], [RestSpoilt], [ReplayPaused], [DiskFull], [RollingRestart], [TwoFailovers], [PgKeelKilled].
/// Depends on `cluster` and `link`. Used by `chaos`.
@NullMarked
package org.pgkeel.bench.fault;

import org.jspecify.annotations.NullMarked;
