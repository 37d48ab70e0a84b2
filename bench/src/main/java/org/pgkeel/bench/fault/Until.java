package org.pgkeel.bench.fault;

import java.time.Duration;

/// How long a fault should last before it is healed.
public sealed interface Until {
    /// Until a node has been promoted, and some more, or for so long if none is.
    ///
    /// @param more time for the one that was replaced, or is about to come back, to do harm
    record Promoted(Duration atMost, Duration more) implements Until {}

    /// For a fixed time.
    record Past(Duration time) implements Until {}

    /// Until what was ordered has been carried out.
    record Done(Duration atMost) implements Until {}
}
