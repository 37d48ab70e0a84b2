package org.pgkeel.proxy.statement;

import java.util.Locale;
import java.util.Set;

/// The client's settings that change how its SQL is cut into tokens.
///
/// @param standardConformingStrings a backslash in `'...'` is an ordinary character
/// @param asciiSafe                 every byte below 0x80 is the ASCII character, also inside of longer ones
public record Dialect(boolean standardConformingStrings, boolean asciiSafe) {
    public static final Dialect USUAL = new Dialect(true, true);

    /// Client encodings in which the second byte of a character may look like a backslash or a letter.
    private static final Set<String> UNSAFE = Set.of("big5", "gbk", "gb18030", "johab", "sjis", "shiftjis", "mskanji", "win932", "windows932",
            "uhc", "win949", "windows949", "win950", "windows950", "win936", "windows936", "shiftjis2004");

    /// @param standardConformingStrings the setting's value
    /// @param clientEncoding            the setting's value, in any spelling the server takes
    public static Dialect of(String standardConformingStrings, String clientEncoding) {
        if (standardConformingStrings.equals("on") && clientEncoding.equals("UTF8")) return USUAL;
        String letters = clientEncoding.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        return new Dialect(!isOff(standardConformingStrings.strip().toLowerCase(Locale.ROOT)), !UNSAFE.contains(letters));
    }

    /// As the server reads a boolean: any beginning of a word that is not ambiguous.
    private static boolean isOff(String value) {
        return value.equals("0") || value.length() > 1 && "off".startsWith(value)
                || !value.isEmpty() && ("false".startsWith(value) || "no".startsWith(value));
    }
}
