package org.pgkeel.bench.fuzz;

/// How one input ended.
public sealed interface Outcome {
    /// An ErrorResponse came.
    record Refused() implements Outcome {}

    /// Only other messages came, and the connection was closed after we had closed our side.
    record Answered() implements Outcome {}

    /// The connection was closed without a word.
    record Closed() implements Outcome {}

    /// We left with a reset; the proxy owes nothing.
    record Left() implements Outcome {}

    /// What must not happen.
    ///
    /// @param why in words
    record Offence(String why) implements Outcome {}
}
