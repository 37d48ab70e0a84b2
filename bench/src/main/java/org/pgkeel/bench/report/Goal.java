package org.pgkeel.bench.report;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/// One thing that PgKeel has to reach, with the figure that decides it.
///
/// @param what     in words, with the unit
/// @param bound    on which side of the limit the figure has to be
/// @param measured from the results, empty if this comparison did not measure it
/// @param spread   of the rounds whose median that is, empty if there were too few
public record Goal(String what, Bound bound, double limit, OptionalDouble measured, Optional<Spread> spread) {
    /// Where the middle half of the rounds lies.
    public record Spread(double from, double to) {}

    public enum Bound { AT_MOST, AT_LEAST }

    public enum Verdict { MET, MISSED, NOT_MEASURED }

    public Goal(String what, Bound bound, double limit, OptionalDouble measured) {
        this(what, bound, limit, measured, Optional.empty());
    }

    public Verdict verdict() {
        if (measured.isEmpty()) return Verdict.NOT_MEASURED;
        boolean met = switch (bound) {
            case AT_MOST -> measured.getAsDouble() <= limit;
            case AT_LEAST -> measured.getAsDouble() >= limit;
        };
        return met ? Verdict.MET : Verdict.MISSED;
    }

    String limitInWords() {
        String sign = switch (bound) {
            case AT_MOST -> "<=";
            case AT_LEAST -> ">=";
        };
        return sign + " " + String.format(Locale.ROOT, "%.2f", limit);
    }

    String measuredInWords() {
        String rounds = spread.map(half -> String.format(Locale.ROOT, " (%.2f-%.2f)", half.from, half.to)).orElse("");
        return Table.number(measured, 2) + rounds;
    }
}
