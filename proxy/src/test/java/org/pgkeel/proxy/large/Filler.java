package org.pgkeel.proxy.large;

import java.nio.charset.StandardCharsets;
import org.pgkeel.proxy.wire.WireClient;

/// Text of any length, without end repeating [#TEXT], whose length divides no buffer: a lost or repeated piece shows.
/// Threading: confined to one thread.
final class Filler {
    static final String TEXT = "The quick brown fox jumps over 13 dogs.";
    private static final int PIECE_TEXTS = 2_000;
    private static final byte[] PIECE = TEXT.repeat(PIECE_TEXTS).getBytes(StandardCharsets.US_ASCII);

    private long checked;

    /// How many whole texts make up at most so many MiB.
    static int texts(int mib) {
        return Math.toIntExact(((long) mib << 20) / TEXT.length());
    }

    /// Sends so many texts, without anything around them.
    static void send(WireClient to, int texts) throws java.io.IOException {
        for (int left = texts; left > 0; left -= PIECE_TEXTS) to.sendRaw(PIECE, 0, Math.min(left, PIECE_TEXTS) * TEXT.length());
    }

    /// The next bytes of what should be texts only.
    void check(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++, checked++) {
            if (bytes[i] != PIECE[(int) (checked % TEXT.length())]) throw new AssertionError("byte " + checked + " is " + (char) bytes[i]);
        }
    }

    long checked() {
        return checked;
    }
}
