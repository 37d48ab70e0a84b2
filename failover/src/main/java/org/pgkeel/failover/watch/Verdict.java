package org.pgkeel.failover.watch;

import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.Primary;

/// What the evidence says about who is primary. Threading: immutable.
public sealed interface Verdict {
    /// This server takes writes, and should.
    record Serves(Primary primary) implements Verdict {}

    /// The primary takes writes still, but is about to go.
    record Leaving(String text) implements Verdict {}

    /// The primary may take writes, and must not any more: the leader key is not its.
    record Deposed(String text) implements Verdict {}

    /// Nobody takes writes that should.
    record Gone(String text) implements Verdict {}

    /// Somebody takes writes, and nobody can say that this is right.
    record Blocked(Alarm alarm) implements Verdict {}

    /// The primary lives and nobody contradicts, but it has no place for a connection over which it could say what it is.
    record Lives() implements Verdict {}

    /// Not all have answered that have to.
    record Undecided() implements Verdict {}
}
