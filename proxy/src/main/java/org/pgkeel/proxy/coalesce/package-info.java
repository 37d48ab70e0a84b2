/// Lets single-row INSERTs of many clients share one commit, as one COPY where that means the same.
/// Heart: [BatchQueue]. Read: [Coalescer] (who belongs together), [Contribution] (one client's request), [WaitingRows] (what waits), [FlushPolicy] (when a batch leaves), [LaneChoice] (who may leave with whom),
/// [BatchRun] (one batch on a backend, to its commit), [LostBatch] (when its server is lost), [BatchScript] (what it sends and what is answered), [CopyRun] and [SharedCommitRun] (the two ways), [TableKnowledge] (what the catalogue says),
/// [SpilledRows] (requests that wait on disk).
/// Depends on `relay`, `pool`, `cluster`, `insert`. Used by `session`.
/// Threading: confined to one event loop.
@NullMarked
package org.pgkeel.proxy.coalesce;

import org.jspecify.annotations.NullMarked;
