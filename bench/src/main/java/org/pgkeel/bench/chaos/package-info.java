/// Breaks a cluster while clients work, round after round, and says what they saw.
/// Heart: [ChaosRun] (the rounds). Read: [Chaos] (the command line), [Stage] (cluster, proxies and clients of a run),
/// [Spans] (how long things took), [Holds] and [Excerpts] (PgKeel's log), [ChaosReport] (HTML), [ChaosJson]. Depends on `cluster`, `fault`, `workload`, `verdict`, `report`.
@NullMarked
package org.pgkeel.bench.chaos;

import org.jspecify.annotations.NullMarked;
