/// What a round amounts to: counts, pauses, and whether the promises held. Pure: histories and events come as arguments.
/// Heart: [Promises]. Read: [Tally] (what clients were told), [Buckets] (throughput and latency per 100 ms), [Pauses] (how long
/// clients waited, against a writer that always knows the primary; [Hidden] is not counted), [LoadResult] and [RoundResult] (what the report shows).
/// Depends on `history`, `check`, `report` (percentiles). Used by `chaos`.
@NullMarked
package org.pgkeel.bench.verdict;

import org.jspecify.annotations.NullMarked;
