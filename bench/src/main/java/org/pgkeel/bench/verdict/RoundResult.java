package org.pgkeel.bench.verdict;

import java.util.List;

/// All that is known of a round.
///
/// @param scenario   what was done to the cluster, in words
/// @param planned    that was a switchover that was asked for, and nothing else
/// @param seed       that does the same again
/// @param seconds    from the first operation to the last, healing and check not counted
/// @param wholeSeconds with them
/// @param beganNanos where the buckets begin
/// @param excerpts   of PgKeel's log, where a promise was broken or a goal missed
public record RoundResult(int number, String scenario, boolean planned, long seed, double seconds, double wholeSeconds, List<LoadResult> loads, Pauses pauses,
                          Buckets buckets, long beganNanos, List<Mark> marks, List<Broken> broken, List<String> excerpts) {
    public RoundResult with(List<String> excerpts) {
        return new RoundResult(number, scenario, planned, seed, seconds, wholeSeconds, loads, pauses, buckets, beganNanos, marks, broken, excerpts);
    }
}
