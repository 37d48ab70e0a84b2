package org.pgkeel.bench.chaos;

import java.util.List;
import java.util.stream.Stream;
import org.pgkeel.bench.verdict.RoundResult;

/// What is kept of PgKeel's log: of each round with a broken promise, and of the first rounds that missed a goal. Bounded in lines, and they in length.
///
/// Threading: confined to one thread.
final class Excerpts {
    private static final int LINES_AT_EACH_END = 60;
    private static final int CHARACTERS_MAX = 400;
    private static final int ROUNDS_MISSED_MAX = 50;

    private int missed;

    /// @param lines of this round
    List<String> of(RoundResult round, List<String> lines) {
        if (round.broken().isEmpty() && !(Spans.misses(round) && ++missed <= ROUNDS_MISSED_MAX)) return List.of();
        int between = lines.size() - 2 * LINES_AT_EACH_END;
        Stream<String> kept = between <= 0 ? lines.stream() : Stream.of(lines.subList(0, LINES_AT_EACH_END), List.of("... " + between + " lines ..."),
                lines.subList(lines.size() - LINES_AT_EACH_END, lines.size())).flatMap(List::stream);
        return kept.map(line -> line.length() > CHARACTERS_MAX ? line.substring(0, CHARACTERS_MAX) + "..." : line).toList();
    }
}
