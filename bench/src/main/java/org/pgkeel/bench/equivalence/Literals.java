package org.pgkeel.bench.equivalence;

import java.util.SplittableRandom;
import java.util.regex.Pattern;

/// The ways in which SQL writes a value.
final class Literals {
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?(e\\d+)?");
    private static final Pattern BOOL = Pattern.compile("true|false");

    /// How a client writes its literals.
    enum Writing {
        /// Quoted, numbers and booleans most often without.
        PLAIN,
        /// `'x'::type`
        CAST,
        /// As pgjdbc does it: `('x'::type)`
        PARENTHESIZED,
        /// Everything else, each time another way.
        ODD;

        static Writing any(SplittableRandom random) {
            return random.nextInt(5) < 3 ? PLAIN : random.nextBoolean() ? CAST : PARENTHESIZED;
        }
    }

    private Literals() {}

    static String quoted(String value) {
        return "'" + value.replace("'", "''") + "'";
    }

    static String of(String value, String type, Writing writing, SplittableRandom random) {
        boolean number = NUMBER.matcher(value).matches();
        return switch (writing) {
            case PLAIN -> (number || BOOL.matcher(value).matches()) && random.nextInt(3) > 0 ? value : value.contains("\\") && random.nextBoolean() ? escaped(value) : quoted(value);
            case CAST -> number && random.nextInt(3) == 0 ? value + "::" + type : quoted(value) + "::" + type;
            case PARENTHESIZED -> "(" + quoted(value) + "::" + type + ")";
            case ODD -> odd(value, type, number, random);
        };
    }

    private static String escaped(String value) {
        return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    private static String odd(String value, String type, boolean number, SplittableRandom random) {
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
