package org.pgkeel.bench.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Bytes of a message under construction.
final class Octets {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Octets int8(int value) {
        bytes.write(value);
        return this;
    }

    Octets int16(int value) {
        return int8(value >> 8).int8(value);
    }

    Octets int32(int value) {
        return int16(value >> 16).int16(value);
    }

    Octets text(String text) {
        return raw(text.getBytes(StandardCharsets.UTF_8)).int8(0);
    }

    Octets raw(byte[] more) {
        bytes.writeBytes(more);
        return this;
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }

    /// A message with its type byte and a length that is true.
    static byte[] message(int type, Octets body) {
        return withLength(type, body.bytes.size() + Integer.BYTES, body);
    }

    /// A message with its type byte and whatever length.
    static byte[] withLength(int type, int length, Octets body) {
        return new Octets().int8(type).int32(length).raw(body.toBytes()).toBytes();
    }

    /// A startup packet: a length and no type byte.
    static byte[] untyped(Octets body) {
        return new Octets().int32(body.bytes.size() + Integer.BYTES).raw(body.toBytes()).toBytes();
    }
}
