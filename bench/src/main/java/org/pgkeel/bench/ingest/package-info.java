/// Single-row INSERTs by many clients, measured: what a row costs and how long its acknowledgement takes.
/// Heart: [Storm] (the clients, one thread). Read: [Ingest] (the command line), [IngestRounds] (who meets whom), [IngestRun] (one run,
/// measured), [Manner] (what drivers send), [EventMessages] (the bytes), [FreezeRun] (PostgreSQL stops in the middle), [IngestGoals].
/// Depends on `cluster`, `report`, `accounting`, `client`.
@NullMarked
package org.pgkeel.bench.ingest;

import org.jspecify.annotations.NullMarked;
