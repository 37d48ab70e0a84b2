package org.pgkeel.proxy.statement;

import java.util.Locale;
import java.util.Set;

/// The client's settings that change how its SQL is cut into tokens.
///
/// @param standardConformingStrings a backslash in `'...'` is an ordinary character
/// @param characters                what the bytes beyond ASCII are
public record Dialect(boolean standardConformingStrings, Characters characters) {
    private static final Set<String> OF_SETTINGS = Set.of("standard_conforming_strings", "client_encoding");

    public static final Dialect USUAL = new Dialect(true, Characters.UTF8);

    /// @param standardConformingStrings the setting's value
    /// @param clientEncoding            the setting's value, in any spelling the server takes
    public static Dialect of(String standardConformingStrings, String clientEncoding) {
        if (standardConformingStrings.equals("on") && clientEncoding.equals("UTF8")) return USUAL;
        return new Dialect(!isOff(standardConformingStrings.strip().toLowerCase(Locale.ROOT)), Characters.of(clientEncoding));
    }

    /// A statement with this effect may change how those behind it are read.
    public static boolean isChangedBy(Effect effect) {
        return switch (effect) {
            case Effect.SetParameter(var name, _) -> OF_SETTINGS.contains(name);
            case Effect.ResetParameter(var name) -> OF_SETTINGS.contains(name);
            case Effect.ResetAll _, Effect.DiscardAll _ -> true;
            default -> false;
        };
    }

    /// Its value for one transaction alone is not followed.
    static boolean isOf(String setting) {
        return OF_SETTINGS.contains(setting);
    }

    /// Every byte below 0x80 is the ASCII character, also inside of longer ones.
    boolean asciiSafe() {
        return characters.asciiSafe();
    }

    /// As the server reads a boolean: any beginning of a word that is not ambiguous.
    private static boolean isOff(String value) {
        return value.equals("0") || value.length() > 1 && "off".startsWith(value)
                || !value.isEmpty() && ("false".startsWith(value) || "no".startsWith(value));
    }
}
