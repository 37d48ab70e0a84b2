package org.pgkeel.proxy.statement;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// How a client encoding makes bytes of the characters beyond ASCII. Texts are read here with one character for each byte.
/// <https://www.postgresql.org/docs/current/multibyte.html>
public enum Characters {
    UTF8,
    /// None of their bytes is an ASCII character's.
    OTHERS,
    /// A second byte may look like a letter or a backslash; a lone byte from `A0` to `DF` is a character of its own.
    SHIFT_JIS,
    /// A second byte may look like a digit, a letter or a backslash.
    PAIRS;

    private static final Set<String> SHIFT_JIS_NAMES = Set.of("sjis", "shiftjis", "mskanji", "win932", "windows932", "shiftjis2004");
    private static final Set<String> PAIRS_NAMES = Set.of("big5", "gbk", "gb18030", "johab", "uhc", "win949", "windows949", "win950", "windows950", "win936", "windows936");

    /// @param clientEncoding the setting's value, in any spelling the server takes
    static Characters of(String clientEncoding) {
        String letters = clientEncoding.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        if (letters.equals("utf8") || letters.equals("unicode")) return UTF8;
        if (SHIFT_JIS_NAMES.contains(letters)) return SHIFT_JIS;
        return PAIRS_NAMES.contains(letters) ? PAIRS : OTHERS;
    }

    /// Every byte below 0x80 is the ASCII character.
    boolean asciiSafe() {
        return this == UTF8 || this == OTHERS;
    }

    /// The same text, in which second bytes cannot be taken for ASCII characters: each has its highest bit set. Every character has its place still.
    String readable(String bytes) {
        if (asciiSafe() || isAscii(bytes)) return bytes;
        var text = new StringBuilder(bytes);
        for (int at = 0; at < text.length() - 1; at++) {
            char c = text.charAt(at);
            boolean alone = c <= 0x80 || c >= 0xFF || this == SHIFT_JIS && c >= 0xA0 && c <= 0xDF;
            if (alone) continue;
            at++;
            text.setCharAt(at, (char) (text.charAt(at) | 0x80));
        }
        return text.toString();
    }

    /// What the bytes say.
    /// @return empty if that is not known here
    public Optional<String> text(String bytes) {
        if (isAscii(bytes)) return Optional.of(bytes);
        if (this != UTF8 || bytes.chars().anyMatch(c -> c > 0xFF)) return Optional.empty();
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1))).toString());
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
    }

    /// What the bytes say, or they themselves where that is not known here.
    String textOrBytes(String bytes) {
        return text(bytes).orElse(bytes);
    }

    /// A name without quotes as the server folds it: letters beyond ASCII stay what they are, whatever their bytes look like.
    public static String folded(String bytes) {
        return Lexer.lowerCase(bytes);
    }

    static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
