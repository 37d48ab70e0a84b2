package org.pgkeel.bench.fault;

/// Whom a fault hides from proxies and clients while it lasts, although PostgreSQL there may be well: they cannot reach it, or cannot know what it is.
public enum Hides {
    NOBODY,
    /// The node that was hit.
    VICTIM,
    EVERYBODY
}
