package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;

/// Turns a parameter in binary format into text that the type's input function reads as the same value, whatever the session's settings are
/// (but for `array_nulls`, which has to be on).
/// <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>
///
/// Threading: pure functions.
public final class BinaryValue {
    public static final int BOOL = 16;
    public static final int BYTEA = 17;
    public static final int INT8 = 20;
    public static final int INT2 = 21;
    public static final int INT4 = 23;
    public static final int TEXT = 25;
    public static final int OID = 26;
    public static final int JSON = 114;
    public static final int CIDR = 650;
    public static final int FLOAT4 = 700;
    public static final int FLOAT8 = 701;
    public static final int MACADDR8 = 774;
    public static final int MACADDR = 829;
    public static final int INET = 869;
    public static final int BPCHAR = 1042;
    public static final int VARCHAR = 1043;
    public static final int DATE = 1082;
    public static final int TIME = 1083;
    public static final int TIMESTAMP = 1114;
    public static final int TIMESTAMPTZ = 1184;
    public static final int INTERVAL = 1186;
    public static final int INTERVAL_ARRAY = 1187;
    public static final int TIMETZ = 1266;
    public static final int BIT = 1560;
    public static final int VARBIT = 1562;
    public static final int NUMERIC = 1700;
    public static final int UUID = 2950;
    public static final int JSONB = 3802;

    private static final byte JSONB_VERSION = 1;

    private BinaryValue() {}

    /// Where a value's text stands.
    enum In {
        COLUMN,
        /// Between the double quotes of an array's element.
        ELEMENT
    }

    /// The array type of these elements, if arrays of them are known here; else 0.
    public static int arrayOf(int elements) {
        return BinaryArray.arrayOf(elements);
    }

    public static boolean isArray(int type) {
        return BinaryArray.elementOf(type) != 0;
    }

    /// Appends the value as COPY has it.
    /// @return false if the type is not known here, or the value has no text that is safe; then nothing that counts is written
    public static boolean write(int type, ByteBuf in, int from, int to, ByteBuf out) {
        int elements = BinaryArray.elementOf(type);
        return elements != 0 ? BinaryArray.write(elements, in, from, to, out) : write(type, in, from, to, In.COLUMN, out);
    }

    static boolean write(int type, ByteBuf in, int from, int to, In where, ByteBuf out) {
        int bytes = to - from;
        return switch (type) {
            case TEXT, VARCHAR, BPCHAR, JSON -> text(in, from, to, where, out);
            case JSONB -> bytes >= 1 && in.getByte(from) == JSONB_VERSION && text(in, from + 1, to, where, out);
            case BOOL -> bytes == 1 && word(in.getByte(from) == 0 ? "f" : "t", out);
            case INT2 -> bytes == 2 && number(in.getShort(from), out);
            case INT4 -> bytes == 4 && number(in.getInt(from), out);
            case OID -> bytes == 4 && number(in.getUnsignedInt(from), out);
            case INT8 -> bytes == 8 && number(in.getLong(from), out);
            case FLOAT4 -> bytes == 4 && float4(in.getInt(from), out);
            case FLOAT8 -> bytes == 8 && float8(in.getLong(from), out);
            case NUMERIC -> BinaryNumeric.write(in, from, to, out);
            case UUID -> bytes == 16 && uuid(in, from, out);
            case BYTEA -> bytea(in, from, to, where, out);
            case DATE -> bytes == 4 && BinaryTime.date(in.getInt(from), out);
            case TIME -> bytes == 8 && BinaryTime.time(in.getLong(from), out);
            case TIMETZ -> bytes == 12 && BinaryTime.timetz(in.getLong(from), in.getInt(from + 8), out);
            case TIMESTAMP -> bytes == 8 && BinaryTime.timestamp(in.getLong(from), out);
            case TIMESTAMPTZ -> bytes == 8 && BinaryTime.timestamptz(in.getLong(from), out);
            case INTERVAL -> bytes == 16 && BinaryTime.interval(in.getLong(from), in.getInt(from + 8), in.getInt(from + 12), out);
            case INET, CIDR -> BinaryNetwork.address(in, from, to, out);
            case MACADDR -> bytes == 6 && BinaryNetwork.mac(in, from, to, out);
            case MACADDR8 -> bytes == 8 && BinaryNetwork.mac(in, from, to, out);
            case BIT, VARBIT -> bits(in, from, to, out);
            default -> BinaryRange.write(type, in, from, to, out);
        };
    }

    private static boolean text(ByteBuf in, int from, int to, In where, ByteBuf out) {
        switch (where) {
            case COLUMN -> CopyText.write(in, from, to, out);
            case ELEMENT -> CopyText.writeElement(in, from, to, out);
        }
        return true;
    }

    private static boolean word(String word, ByteBuf out) {
        Ascii.write(word, out);
        return true;
    }

    private static boolean number(long value, ByteBuf out) {
        Ascii.number(value, out);
        return true;
    }

    /// Of all bits that are no number the text knows but these.
    private static boolean float4(int bits, ByteBuf out) {
        float value = Float.intBitsToFloat(bits);
        return (!Float.isNaN(value) || bits == Float.floatToIntBits(Float.NaN)) && word(Float.toString(value), out);
    }

    private static boolean float8(long bits, ByteBuf out) {
        double value = Double.longBitsToDouble(bits);
        return (!Double.isNaN(value) || bits == Double.doubleToLongBits(Double.NaN)) && word(Double.toString(value), out);
    }

    private static boolean uuid(ByteBuf in, int from, ByteBuf out) {
        for (int i = 0; i < 16; i++) {
            if (i == 4 || i == 6 || i == 8 || i == 10) out.writeByte('-');
            Ascii.hex(in.getByte(from + i), out);
        }
        return true;
    }

    private static boolean bytea(ByteBuf in, int from, int to, In where, ByteBuf out) {
        Ascii.write(switch (where) { case COLUMN -> "\\\\x"; case ELEMENT -> "\\\\\\\\x"; }, out);
        for (int at = from; at < to; at++) Ascii.hex(in.getByte(at), out);
        return true;
    }

    private static boolean bits(ByteBuf in, int from, int to, ByteBuf out) {
        if (to - from < 4) return false;
        int count = in.getInt(from);
        if (count < 0 || to - from - 4 != (count + 7L) / 8) return false;
        for (int i = 0; i < count; i++) out.writeByte('0' + (in.getByte(from + 4 + i / 8) >> 7 - i % 8 & 1));
        return true;
    }
}
