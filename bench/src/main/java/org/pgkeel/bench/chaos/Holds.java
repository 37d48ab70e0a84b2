package org.pgkeel.bench.chaos;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.pgkeel.bench.verdict.Mark;

/// When PgKeel held its clients, by its log.
final class Holds {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");
    private static final Pattern PHASE = Pattern.compile("^(\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}) .* cluster \\S+: (hold (?:begins|goes on): \\w+|primary is \\S+|hold ends)");

    private Holds() {}

    /// @param nanos of a time as the log writes it
    /// @return where holds began or went on for another reason, a primary was seen, and they ended; as the lines stand
    static List<Mark> in(List<String> lines, ToLongFunction<LocalDateTime> nanos) {
        return lines.stream().flatMap(line -> PHASE.matcher(line).results()).map(phase -> mark(phase, nanos)).toList();
    }

    private static Mark mark(MatchResult phase, ToLongFunction<LocalDateTime> nanos) {
        return new Mark(nanos.applyAsLong(LocalDateTime.parse(phase.group(1), TIME)), phase.group(2));
    }
}
