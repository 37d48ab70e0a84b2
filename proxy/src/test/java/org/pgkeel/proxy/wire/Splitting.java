package org.pgkeel.proxy.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Random;

/// How a client's bytes are cut up on their way.
///
/// Threading: one per client, confined to its thread.
interface Splitting {
    void write(OutputStream out, byte[] bytes) throws IOException;

    /// As few writes as possible.
    static Splitting whole() {
        return OutputStream::write;
    }

    /// Each byte in a write of its own.
    static Splitting byByte() {
        return (out, bytes) -> {
            for (byte each : bytes) out.write(each);
        };
    }

    /// In pieces of 1 to 40 bytes.
    static Splitting random(long seed) {
        var random = new Random(seed);
        return (out, bytes) -> {
            for (int at = 0; at < bytes.length; ) {
                int part = Math.min(bytes.length - at, 1 + random.nextInt(40));
                out.write(bytes, at, part);
                at += part;
            }
        };
    }
}
