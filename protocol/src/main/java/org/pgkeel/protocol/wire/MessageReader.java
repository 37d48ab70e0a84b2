package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/// Reads the fields of one message body and never beyond it. Everything it allocates is bounded by the bytes that are there:
/// a count that promises more than the body holds fails at the first item that is missing.
/// Threading: belongs to the call that made it.
public final class MessageReader {
    private static final int NULL_LENGTH = -1;

    private final String message;
    private final ByteBuf body;

    /// @param message the message's name, for violations
    /// @param body    the bytes after the length prefix; the reader moves its reader index and does not keep it
    public MessageReader(String message, ByteBuf body) {
        this.message = message;
        this.body = body;
    }

    public byte int8() {
        need(1);
        return body.readByte();
    }

    public int int16() {
        need(2);
        return body.readShort();
    }

    /// A count of 16 bits. PostgreSQL reads it unsigned: a statement may have 65535 parameters.
    public int count() {
        need(2);
        return body.readUnsignedShort();
    }

    public int int32() {
        need(4);
        return body.readInt();
    }

    /// The bytes still unread.
    public int remaining() {
        return body.readableBytes();
    }

    /// A string ended by a zero byte, as UTF-8.
    public String cString() {
        return Utf8.decode(cStringBytes(), message);
    }

    /// A string that is shown to people and decides nothing: bytes that are not UTF-8 are replaced, not refused.
    public String displayText() {
        return Utf8.decodeForDisplay(cStringBytes());
    }

    private byte[] cStringBytes() {
        int length = body.bytesBefore((byte) 0);
        if (length < 0) throw violation("a string without its terminator");
        byte[] bytes = new byte[length];
        body.readBytes(bytes).skipBytes(1);
        return bytes;
    }

    public Octets octets(int bytes) {
        if (bytes < 0) throw violation("negative length " + bytes);
        need(bytes);
        return Octets.read(body, bytes);
    }

    /// All bytes up to the end of the body.
    public Octets rest() {
        return octets(remaining());
    }

    /// A length and so many bytes, or -1 for NULL.
    public Value value() {
        int length = int32();
        return length == NULL_LENGTH ? Value.NULL : octets(length);
    }

    public List<Value> values() {
        int count = count();
        var values = new ArrayList<Value>();
        for (int i = 0; i < count; i++) values.add(value());
        return values;
    }

    public Format format() {
        return Format.of(int16(), message);
    }

    /// A format code of 8 bits: the overall format of a COPY.
    public Format overallFormat() {
        return Format.of(int8(), message);
    }

    public List<Format> formats() {
        int count = count();
        var formats = new ArrayList<Format>();
        for (int i = 0; i < count; i++) formats.add(format());
        return formats;
    }

    public List<Integer> oids() {
        int count = count();
        var oids = new ArrayList<Integer>();
        for (int i = 0; i < count; i++) oids.add(int32());
        return oids;
    }

    /// Says that the message is over.
    /// @throws ProtocolViolation if bytes are left
    public void end() {
        if (body.isReadable()) throw violation(remaining() + " bytes after its end");
    }

    /// A violation by this message, for the caller to throw.
    public ProtocolViolation violation(String what) {
        return new ProtocolViolation(message + ": " + what);
    }

    private void need(int bytes) {
        if (body.readableBytes() < bytes) throw violation("ends " + (bytes - body.readableBytes()) + " bytes too early");
    }
}
