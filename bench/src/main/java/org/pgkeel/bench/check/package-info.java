/// Judges a history by what is in the database at the end.
/// Heart: [Rows], [Transfers], [Lists], [Counters] (one checker per shape of data). Read: [Finding], [Defect] (what can be wrong),
/// [Timelines] (writes that a demoted primary answered), [LostList] (PgKeel's list of lost transactions against ours).
/// Pure: histories and final states come as arguments. Depends on `history`. Used by `workload` and `chaos`.
@NullMarked
package org.pgkeel.bench.check;

import org.jspecify.annotations.NullMarked;
