package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// One column of a RowDescription.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ROWDESCRIPTION>
/// @param tableOid        the table it comes from, 0 if it is no table's column
/// @param attributeNumber its number there, 0 if it is no table's column
/// @param typeBytes       the type's size, negative if it varies
/// @param typeModifier    as in `pg_attribute.atttypmod`, -1 for none
public record Column(String name, int tableOid, int attributeNumber, int typeOid, int typeBytes, int typeModifier,
                     Format format) {
    /// The OID of type `text`.
    public static final int TEXT_OID = 25;

    /// A column of type text that is no table's.
    public static Column text(String name) {
        return new Column(name, 0, 0, TEXT_OID, -1, -1, Format.TEXT);
    }

    static Column decode(MessageReader in) {
        return new Column(in.cString(), in.int32(), in.int16(), in.int32(), in.int16(), in.int32(), in.format());
    }

    void encode(ByteBuf out) {
        MessageWriter.cString(out, name);
        out.writeInt(tableOid).writeShort(attributeNumber).writeInt(typeOid).writeShort(typeBytes).writeInt(typeModifier)
                .writeShort(format.code());
    }
}
