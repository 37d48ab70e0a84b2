package org.pgkeel.proxy.cluster;

/// How fresh one replica is.
///
/// Threading: immutable.
///
/// @param freshAsOfNanos when (`System.nanoTime`) the primary was asked for a position that the replica has replayed since: what was acknowledged
///                       before is to be seen there. [Cluster#NEVER] if unknown, which it always is after a change of reign at first
/// @param lagBytes       of WAL that the primary has at that position and the replica has not replayed; `Long.MAX_VALUE` if unknown
/// @param incarnation    another number each time that the replica may have been restarted, and show less than before
public record ReplicaState(long freshAsOfNanos, long lagBytes, long incarnation) {}
