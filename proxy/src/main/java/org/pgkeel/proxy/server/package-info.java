/// Puts the proxy together, and takes it apart again.
/// Heart: [ProxyServer], the composition root. Read: [ProxyOperations] (what an operator sees and does: [LoopView], [Overview],
/// [Commands]), [Shutdown], [Reload], [ConfigWatch] (when a file changes), [Cancels], [JdbcAuthQuery], [ClusterProbe] (readiness).
/// Depends on everything. Used by `command`.
/// Threading: started and stopped from outside; operations may come from any thread.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.server;
