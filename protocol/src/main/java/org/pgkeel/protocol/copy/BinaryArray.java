package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Arrays of the server's own types: their dimensions, then their elements, the last dimension's next to each other.
/// <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>
///
/// Threading: pure functions.
final class BinaryArray {
    private static final int HEADER_BYTES = 12;
    private static final int DIMENSION_BYTES = 8;
    private static final int DIMENSIONS_MAX = 6;
    private static final int OID_MAX = 4_000;
    /// By the type of their elements.
    private static final Map<Integer, Integer> ARRAYS = IntStream.range(0, OID_MAX).filter(type -> elementOf(type) != 0).boxed().collect(Collectors.toMap(BinaryArray::elementOf, type -> type));

    private BinaryArray() {}

    /// The type of an array's elements; 0 if it is no array that is known here.
    static int elementOf(int type) {
        return switch (type) {
            case 199 -> BinaryValue.JSON;
            case 651 -> BinaryValue.CIDR;
            case 775 -> BinaryValue.MACADDR8;
            case 1000 -> BinaryValue.BOOL;
            case 1001 -> BinaryValue.BYTEA;
            case 1005 -> BinaryValue.INT2;
            case 1007 -> BinaryValue.INT4;
            case 1009 -> BinaryValue.TEXT;
            case 1014 -> BinaryValue.BPCHAR;
            case 1015 -> BinaryValue.VARCHAR;
            case 1016 -> BinaryValue.INT8;
            case 1021 -> BinaryValue.FLOAT4;
            case 1022 -> BinaryValue.FLOAT8;
            case 1028 -> BinaryValue.OID;
            case 1040 -> BinaryValue.MACADDR;
            case 1041 -> BinaryValue.INET;
            case 1115 -> BinaryValue.TIMESTAMP;
            case 1182 -> BinaryValue.DATE;
            case 1183 -> BinaryValue.TIME;
            case 1185 -> BinaryValue.TIMESTAMPTZ;
            case BinaryValue.INTERVAL_ARRAY -> BinaryValue.INTERVAL;
            case 1231 -> BinaryValue.NUMERIC;
            case 1270 -> BinaryValue.TIMETZ;
            case 1561 -> BinaryValue.BIT;
            case 1563 -> BinaryValue.VARBIT;
            case 2951 -> BinaryValue.UUID;
            case 3807 -> BinaryValue.JSONB;
            case 3905 -> BinaryRange.INT4RANGE;
            case 3907 -> BinaryRange.NUMRANGE;
            case 3909 -> BinaryRange.TSRANGE;
            case 3911 -> BinaryRange.TSTZRANGE;
            case 3913 -> BinaryRange.DATERANGE;
            case 3927 -> BinaryRange.INT8RANGE;
            default -> 0;
        };
    }

    /// @return 0 if there is none that is known here
    static int arrayOf(int elementType) {
        return ARRAYS.getOrDefault(elementType, 0);
    }

    static boolean write(int elementType, ByteBuf in, int from, int to, ByteBuf out) {
        if (to - from < HEADER_BYTES || in.getInt(from + 8) != elementType) return false;
        int hasNulls = in.getInt(from + 4);
        if (hasNulls != 0 && hasNulls != 1) return false;
        int dimensions = in.getInt(from);
        int first = from + HEADER_BYTES;
        if (dimensions < 0 || dimensions > DIMENSIONS_MAX || (to - first) / DIMENSION_BYTES < dimensions) return false;
        if (dimensions == 0) {
            out.writeByte('{').writeByte('}');
            return first == to;
        }
        // How many elements all places of a dimension have together, of one place in the dimension before.
        int[] counts = new int[dimensions];
        long count = 1;
        boolean usualBounds = true;
        int behind = first + dimensions * DIMENSION_BYTES;
        for (int i = dimensions - 1; i >= 0; i--) {
            int size = in.getInt(first + i * DIMENSION_BYTES);
            usualBounds &= in.getInt(first + i * DIMENSION_BYTES + 4) == 1;
            count *= size;
            if (size <= 0 || count > (to - behind) / 4) return false;   // each needs its length; and an array of none has no dimension
            counts[i] = (int) count;
        }
        return (usualBounds || bounds(in, first, dimensions, out)) && elements(elementType, in, behind, to, counts, out);
    }

    /// `[1:3][-2:0]=`
    private static boolean bounds(ByteBuf in, int first, int dimensions, ByteBuf out) {
        for (int at = first; at < first + dimensions * DIMENSION_BYTES; at += DIMENSION_BYTES) {
            int lower = in.getInt(at + 4);
            out.writeByte('[');
            Ascii.number(lower, out);
            out.writeByte(':');
            Ascii.number((long) lower + in.getInt(at) - 1, out);
            out.writeByte(']');
        }
        out.writeByte('=');
        return true;
    }

    private static boolean elements(int type, ByteBuf in, int from, int to, int[] counts, ByteBuf out) {
        int at = from;
        for (int i = 0; i < counts[0]; i++) {
            if (i > 0) out.writeByte(',');
            for (int each : counts) if (i % each == 0) out.writeByte('{');
            if (to - at < 4) return false;
            int length = in.getInt(at);
            at += 4;
            if (length == -1) {
                Ascii.write("NULL", out);
            } else {
                if (length < 0 || length > to - at) return false;
                out.writeByte('"');
                if (!BinaryValue.write(type, in, at, at + length, BinaryValue.In.ELEMENT, out)) return false;
                out.writeByte('"');
                at += length;
            }
            for (int each : counts) if ((i + 1) % each == 0) out.writeByte('}');
        }
        return at == to;
    }
}
