package org.pgkeel.bench.scenario;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One line of pgbench's `--progress=1`, for example
/// `progress: 2.0 s, 13120.5 tps, lat 1.218 ms stddev 0.341, 0 failed`.
///
/// @param perSecond transactions per second since the line before
/// @param failed    transactions that failed since the line before
record Progress(double seconds, double perSecond, long failed) {
    private static final Pattern LINE = Pattern.compile("progress: ([0-9.]+) s, ([0-9.]+) tps, lat [^ ]+ ms stddev [^ ,]+(?:, ([0-9]+) failed)?.*");

    static Optional<Progress> parse(String line) {
        Matcher matcher = LINE.matcher(line.trim());
        if (!matcher.matches()) return Optional.empty();
        String failed = matcher.group(3);
        return Optional.of(new Progress(Double.parseDouble(matcher.group(1)), Double.parseDouble(matcher.group(2)), failed == null ? 0 : Long.parseLong(failed)));
    }
}
