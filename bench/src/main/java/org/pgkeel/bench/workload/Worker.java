package org.pgkeel.bench.workload;

/// One client of a workload.
///
/// Threading: confined to one thread, [#close] excepted.
interface Worker extends AutoCloseable {
    /// Does one thing, its retries included, and records each attempt. A lost connection is recorded too and opened again by the next step.
    void step() throws InterruptedException;

    /// Ends the session; a step under way comes to an end.
    @Override
    void close();
}
