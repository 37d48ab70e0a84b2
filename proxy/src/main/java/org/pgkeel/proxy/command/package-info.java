/// The words of the command line: `run`, `demo`, `check`, `advise`, `convert`, `version`.
/// Heart: [PgKeelCommand]. Read: [RunCommand], [CheckCommand] (asks everybody of a cluster, [ClusterCheck], [PatroniCheck], [NodeCheck]),
/// [ConvertCommand] (reads `pgbouncer.ini`, [PgBouncerIni], writes `proxy.conf`, [PgBouncerConversion]).
/// [AdviseCommand] asks the proxy and the servers what INSERTs would gain from. [DemoCommand] brings its own PostgreSQL ([Demo]); [ProxyStart] is where the server is plugged in.
/// [TrainCommand] is what the launcher rehearses after a build, with [TrainingClients]. [LogToStderr] keeps stdout for answers. Depends on everything below; used by `Main` alone.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.command;
