package org.pgkeel.protocol.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// UTF-8 that refuses what it cannot read: two different byte strings must never become the same user name.
final class Utf8 {
    private static final char REPLACEMENT = '\uFFFD';

    private Utf8() {}

    /// @throws ProtocolViolation if the bytes are not valid UTF-8
    static String decode(byte[] bytes, String what) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        // Only text that shows the replacement character can have been repaired; a genuine one encodes back to the same bytes.
        if (text.indexOf(REPLACEMENT) >= 0 && !Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8))) {
            throw new ProtocolViolation(what + ": not valid UTF-8");
        }
        return text;
    }

    /// For text that is only shown to people and may be in another encoding (a server's error before the login is over).
    static String decodeForDisplay(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
