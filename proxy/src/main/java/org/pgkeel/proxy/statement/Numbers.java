package org.pgkeel.proxy.statement;

import java.util.regex.Pattern;

/// Numbers in SET, as the server writes them back: whole ones that fit 32 bits in decimal, others as they were written.
final class Numbers {
    private static final Pattern ONE = Pattern.compile("(?:\\d(?:_?\\d)*+)?+\\.?+(?:\\d(?:_?\\d)*+)?+(?:[eE][+-]?\\d(?:_?\\d)*+)?+|0[xX](?:_?[0-9a-fA-F])++|0[oO](?:_?[0-7])++|0[bB](?:_?[01])++");

    private Numbers() {}

    /// Whether it is one number to every server; older ones take the letters of `1into` for a word of its own.
    static boolean isOne(String written) {
        return ONE.matcher(written).matches();
    }

    static String text(String written, boolean negative) {
        String digits = written.replace("_", "");
        int radix = 10;
        if (digits.length() > 2 && digits.charAt(0) == '0') {
            radix = switch (digits.charAt(1) | 0x20) {
                case 'x' -> 16;
                case 'o' -> 8;
                case 'b' -> 2;
                default -> 10;
            };
        }
        try {
            int value = Integer.parseInt(radix == 10 ? digits : digits.substring(2), radix);
            return Integer.toString(negative ? -value : value);
        } catch (NumberFormatException e) {
            return negative ? "-" + written : written;
        }
    }
}
