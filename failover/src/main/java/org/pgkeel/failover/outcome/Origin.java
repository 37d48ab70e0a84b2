package org.pgkeel.failover.outcome;

import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.NodeAddress;

/// The run of a server on which a transaction was, and the timeline that the server wrote. Whoever makes one must have read both *on
/// the connection itself, or while it was open*: read before it was opened, they may be those of the run before, and every verdict wrong.
public record Origin(NodeAddress node, int timeline, Lifetime lifetime) {}
