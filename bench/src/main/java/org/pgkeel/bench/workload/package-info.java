/// Clients with real drivers that do something checkable over and over, and write down what they were told.
/// Heart: [Workload] (data, client, check). Read: [Load] (what a round starts and pauses), [WorkerLoad] (N paced clients of a
/// workload), [JdbcClient] (a driver's error becomes an outcome), [Workloads] (all there are).
/// Depends on `history`, `check`, `client`. Used by `chaos`.
@NullMarked
package org.pgkeel.bench.workload;

import org.jspecify.annotations.NullMarked;
