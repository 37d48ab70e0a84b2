package org.pgkeel.bench.equivalence;

import java.util.SplittableRandom;
import java.util.regex.Pattern;

/// The ways in which SQL writes a value.
final class Literals {
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?(e\\d+)?");

    private Literals() {}

    static String quoted(String value) {
        return "'" + value.replace("'", "''") + "'";
    }

    /// @param odd whether anything but a plain literal is wanted
    static String of(String value, String type, boolean odd, SplittableRandom random) {
        boolean number = NUMBER.matcher(value).matches();
        if (!odd) return number && random.nextInt(3) > 0 ? value : quoted(value);
        return switch (random.nextInt(9)) {
            case 0 -> quoted(value) + "::" + type;
            case 1 -> "cast(" + quoted(value) + " as " + type + ")";
            case 2 -> "E'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t") + "'";
            case 3 -> value.contains("$") ? quoted(value) : "$q$" + value + "$q$";
            case 4 -> "(" + quoted(value) + ")";
            case 5 -> number ? "+" + value.replace("-", "") : "/* c */ " + quoted(value) + " -- end\n";
            case 6 -> number ? "(" + value + " + 1)" : "coalesce(null, " + quoted(value) + ")";
            case 7 -> "(select " + quoted(value) + "::" + type + ")";
            default -> value.chars().allMatch(c -> c < 128 && c != '\\') ? "U&'" + value.replace("'", "''") + "'" : "N" + quoted(value);
        };
    }
}
