package org.pgkeel.bench.verdict;

import java.util.List;

/// All rounds with one target.
///
/// @param target  `pgkeel`, `pgbouncer` or `direct`
/// @param about   versions, options and machine, as lines
/// @param command that does the same again
public record RunResult(String target, List<String> about, String command, long seed, List<RoundResult> rounds) {
    public List<LoadResult> sums() {
        return Promises.sum(rounds.stream().map(RoundResult::loads).toList());
    }

    public long brokenRounds() {
        return rounds.stream().filter(r -> !r.broken().isEmpty()).count();
    }
}
