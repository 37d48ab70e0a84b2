/// Carries bytes between a client and its backend: message headers are walked, bodies are not decoded.
/// Heart: [Exchange] (what is owed on one lease). Read: [ReplyPlan] (replies that are not simply passed on),
/// [BackendConnection] (one backend's socket), [Lessee] (the client, as the backend's socket sees it), [LoopBuffers] and
/// [DirectWriter] (how bytes are read and written without an allocation).
/// Depends on `pool`, `prepare`, `backend`. Used by `session`.
/// Threading: confined to one event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.relay;
