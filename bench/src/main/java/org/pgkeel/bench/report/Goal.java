package org.pgkeel.bench.report;

import java.util.Locale;
import java.util.OptionalDouble;

/// One thing that PgKeel has to reach, with the figure that decides it.
///
/// @param what     in words, with the unit
/// @param bound    on which side of the limit the figure has to be
/// @param measured from the results, empty if this comparison did not measure it
public record Goal(String what, Bound bound, double limit, OptionalDouble measured) {
    public enum Bound { AT_MOST, AT_LEAST }

    public enum Verdict { MET, MISSED, NOT_MEASURED }

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
}
