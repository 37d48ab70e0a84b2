package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.List;

/// Writes the fields of messages. The length prefix is written here and nowhere else:
/// `begin` leaves room for it, `end` fills it in.
/// <https://www.postgresql.org/docs/current/protocol-message-types.html>
public final class MessageWriter {
    private static final int NULL_LENGTH = -1;

    private MessageWriter() {}

    /// Begins a typed message.
    /// @return the mark that [#end] wants
    public static int begin(ByteBuf out, byte type) {
        out.writeByte(type);
        return beginUntyped(out);
    }

    /// Begins a packet of the start-up phase, which has a length but no type.
    /// @return the mark that [#end] wants
    public static int beginUntyped(ByteBuf out) {
        int mark = out.writerIndex();
        out.writeInt(0);
        return mark;
    }

    /// Ends the message begun at the mark: its length counts itself and the body, not the type byte.
    public static void end(ByteBuf out, int mark) {
        out.setInt(mark, out.writerIndex() - mark);
    }

    /// Writes a message without a body.
    public static void empty(ByteBuf out, byte type) {
        end(out, begin(out, type));
    }

    /// Writes UTF-8 and the zero byte that ends it.
    /// @throws IllegalArgumentException if the text holds a zero byte itself: it would end the string early
    public static void cString(ByteBuf out, String text) {
        if (text.indexOf('\0') >= 0) throw new IllegalArgumentException("a zero byte within a string of the protocol");
        ByteBufUtil.writeUtf8(out, text);
        out.writeByte(0);
    }

    /// Writes a count that the protocol holds in 16 bits.
    /// @throws IllegalArgumentException if there are more than 65535
    public static void count(ByteBuf out, int count) {
        if (count > 0xFFFF) throw new IllegalArgumentException(count + " items where the protocol has room for 65535");
        out.writeShort(count);
    }

    public static void value(ByteBuf out, Value value) {
        switch (value) {
            case Value.Null _ -> out.writeInt(NULL_LENGTH);
            case Octets octets -> {
                out.writeInt(octets.size());
                octets.writeTo(out);
            }
        }
    }

    /// Writes a count and the values.
    public static void values(ByteBuf out, List<Value> values) {
        count(out, values.size());
        for (Value value : values) value(out, value);
    }

    /// Writes a count and the format codes.
    public static void formats(ByteBuf out, List<Format> formats) {
        count(out, formats.size());
        for (Format format : formats) out.writeShort(format.code());
    }

    /// Writes a count and the type OIDs.
    public static void oids(ByteBuf out, List<Integer> oids) {
        count(out, oids.size());
        for (int oid : oids) out.writeInt(oid);
    }
}
