/// Carries bytes between a client and its backend: message headers are walked, bodies are not decoded.
/// Heart: [Exchange] (what is owed on one lease) with [Block], [ReplyWalk] (what a backend says). Read: [ReplyPlan] (replies that are not simply
/// passed on) and [PlannedReplies], [ReportedParameters], [ReplyRuns] (what the client gets), [UnwrittenRows] (what may be taken back),
/// [BackendConnection] (one backend) with [BackendSocket], [Turnover] (between two leases),
/// [Lessee] (the client, as the backend sees it), [LoopBuffers] and [DirectWriter] (reading and writing without an allocation).
/// Depends on `pool`, `prepare`, `backend`. Used by `session`.
/// Threading: confined to one event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.relay;
