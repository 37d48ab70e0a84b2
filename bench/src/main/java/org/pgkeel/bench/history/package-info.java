/// What clients asked, when, and what they were told: the evidence that the checkers judge.
/// Heart: [Operation]. Read: [Outcome] (the four ways it can end), [History] (all clients), [Recorder] (one client's pen).
/// Depends on nothing. Used by `workload`, `check` and `chaos`. Times are [System#nanoTime], in nanoseconds.
@NullMarked
package org.pgkeel.bench.history;

import org.jspecify.annotations.NullMarked;
