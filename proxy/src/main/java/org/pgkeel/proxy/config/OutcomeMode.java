package org.pgkeel.proxy.config;

/// How the outcome of a transaction is learnt that was under way when its primary was lost: `clusters.NAME.outcome`.
public enum OutcomeMode {
    /// Not at all: it is unknown.
    OFF,
    /// A probe behind the client's statement, in the same write.
    PIPELINED,
    /// The same, and the commit is sent when the probe is answered: one round trip more, and never unknown.
    STRICT
}
