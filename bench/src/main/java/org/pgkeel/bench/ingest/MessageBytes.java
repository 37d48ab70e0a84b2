package org.pgkeel.bench.ingest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes of frontend messages under construction; remembers where the row's id and number go, which change from write to write.
///
/// Threading: confined to one thread.
final class MessageBytes {
    private byte[] bytes = new byte[512];
    private int size;
    private int[] idAt = new int[0];
    private int[] numberAt = new int[0];
    private int messageAt;

    MessageBytes begin(char type) {
        room(1);
        bytes[size++] = (byte) type;
        messageAt = size;
        return int32(0);
    }

    /// Ends the message that was begun.
    MessageBytes end() {
        ByteBuffer.wrap(bytes).putInt(messageAt, size - messageAt);
        return this;
    }

    MessageBytes int32(int value) {
        room(Integer.BYTES);
        ByteBuffer.wrap(bytes).putInt(size, value);
        size += Integer.BYTES;
        return this;
    }

    MessageBytes int16(int value) {
        room(Short.BYTES);
        ByteBuffer.wrap(bytes).putShort(size, (short) value);
        size += Short.BYTES;
        return this;
    }

    MessageBytes int64(long value) {
        room(Long.BYTES);
        ByteBuffer.wrap(bytes).putLong(size, value);
        size += Long.BYTES;
        return this;
    }

    MessageBytes text(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        room(encoded.length);
        System.arraycopy(encoded, 0, bytes, size, encoded.length);
        size += encoded.length;
        return this;
    }

    MessageBytes zero() {
        return blank(1);
    }

    /// Room for the row's id.
    MessageBytes id(int width) {
        idAt = with(idAt, size);
        return blank(width);
    }

    /// Room for the row's number.
    MessageBytes number() {
        numberAt = with(numberAt, size);
        return blank(EventMessages.NUMBER_DIGITS);
    }

    byte[] bytes() {
        return Arrays.copyOf(bytes, size);
    }

    int[] idAt() {
        return idAt;
    }

    int[] numberAt() {
        return numberAt;
    }

    private MessageBytes blank(int width) {
        room(width);
        size += width;
        return this;
    }

    private void room(int more) {
        if (size + more > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
    }

    private static int[] with(int[] all, int one) {
        int[] more = Arrays.copyOf(all, all.length + 1);
        more[all.length] = one;
        return more;
    }
}
