package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes as a value: immutable, compared by content, and never shown, because they may be a password or a client's row.
public final class Octets implements Value {
    private static final Octets EMPTY = new Octets(new byte[0]);

    private final byte[] bytes;

    private Octets(byte[] bytes) {
        this.bytes = bytes;
    }

    public static Octets of(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new Octets(bytes.clone());
    }

    public static Octets ofText(String text) {
        return text.isEmpty() ? EMPTY : new Octets(text.getBytes(StandardCharsets.UTF_8));
    }

    /// Copies the next bytes out of the buffer. The caller has checked that they are there.
    static Octets read(ByteBuf in, int bytes) {
        if (bytes == 0) return EMPTY;
        byte[] copy = new byte[bytes];
        in.readBytes(copy);
        return new Octets(copy);
    }

    public int size() {
        return bytes.length;
    }

    public byte[] toArray() {
        return bytes.clone();
    }

    /// The bytes as UTF-8.
    /// @throws ProtocolViolation if they are not valid UTF-8
    public String text() {
        return Utf8.decode(bytes, "text");
    }

    public void writeTo(ByteBuf out) {
        out.writeBytes(bytes);
    }

    @Override public boolean equals(Object other) {
        return other instanceof Octets octets && Arrays.equals(bytes, octets.bytes);
    }

    @Override public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override public String toString() {
        return bytes.length + " bytes";
    }
}
