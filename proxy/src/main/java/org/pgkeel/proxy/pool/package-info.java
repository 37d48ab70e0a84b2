/// Lends backend connections to client sessions, one transaction at a time.
/// Heart: [PoolSlice] (one event loop's share). Read: [IdleConnections] (who is idle in it), [WaitingLine] (who waits), [OpenAttempts] (when it
/// connects), [PooledConnection] (states of one connection), [SharedPool] (what the slices of one pool have in common),
/// [BackendBudget] and [BudgetsByName] (limits across loops), [LeaseGate] (holds), [WaitLimit], [Waiter]. Used by `relay` and `session`.
/// Threading: a slice and its connections are confined to one event loop; what is shared is immutable or atomic.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.pool;
