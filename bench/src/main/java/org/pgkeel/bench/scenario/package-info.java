/// What is run against the targets, and in which order.
/// Heart: [Comparison] (rounds in rotated order). Read: [Compare] (the command line), [Workload] (the list),
/// [PgbenchRun] (one run, measured), [Turns] (targets that take turns, for differences of some per cent), [Progress] and [TransactionLog] (what pgbench
/// tells), [IdleMemory], [FirstQuery].
/// Depends on `cluster`, `report`, `accounting`, `client`.
@NullMarked
package org.pgkeel.bench.scenario;

import org.jspecify.annotations.NullMarked;
