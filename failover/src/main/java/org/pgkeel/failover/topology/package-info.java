/// Who is primary and who replicates, as an immutable snapshot.
/// Heart: `Topology`.
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.topology;
