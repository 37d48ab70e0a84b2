/// Who is primary and who replicates, as an immutable snapshot.
/// Heart: [Topology]. Read: [Primary], [Replica], [Reign] (one server's time as primary), [Lifetime] (which life of a server),
/// [Lsn], [Alarm] (what an operator has to look at). Used by all of `failover` and by `proxy`.
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.topology;
