package org.pgkeel.proxy.command;

/// One line of what `pgkeel check` found at the clusters. Threading: immutable.
sealed interface Finding {
    record Good(String text) implements Finding {}

    /// It works, and an operator should know all the same.
    record Odd(String text) implements Finding {}

    record Bad(String text) implements Finding {}
}
