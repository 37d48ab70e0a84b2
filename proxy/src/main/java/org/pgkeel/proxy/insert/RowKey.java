package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.copy.BinaryValue;

/// Where one kind of INSERT has the value of one column, and a hash of it: values that are equal in the table have equal hashes, however they were sent.
///
/// Whole numbers, UUIDs and texts are understood (texts are equal if their bytes are, blanks at their end aside). Anything else is [#UNKNOWN]: an
/// expression, a default, a type of another kind, a number in an unusual notation.
///
/// Threading: immutable.
public final class RowKey {
    /// The value may be equal to any other. No hash is this.
    public static final long UNKNOWN = Long.MIN_VALUE;
    private static final long OF_NULL = 0x5851F42D4C957F2DL;
    private static final int UNDECLARED = 705;
    private static final int DIGITS_MAX = 18;
    private static final int BINARY = 1;
    private static final RowKey NOWHERE = new RowKey(Kind.TEXT, -1, -1, UNKNOWN);

    private enum Kind { WHOLE, TEXT, UUID }

    private final Kind kind;
    private final int place;
    private final int parameter;
    private final long constant;

    /// @param place     of the value in a row of literals; -1 if it is not there
    /// @param parameter index of the parameter; -1 if it is none
    /// @param constant  hash of a value that stands in the text of a statement with parameters
    private RowKey(Kind kind, int place, int parameter, long constant) {
        this.kind = kind;
        this.place = place;
        this.parameter = parameter;
        this.constant = constant;
    }

    /// @param types of the parameters as declared, 0 where nothing was
    public static RowKey of(InsertShape shape, int[] types, TargetTable table, String column) {
        int place = placeOf(shape, table, column);
        Kind kind = kindOf(table.columns().stream().filter(each -> each.name().equals(column)).findFirst().map(TargetTable.Column::baseType).orElse(0));
        if (place < 0 || place >= shape.values().size() || kind == null) return NOWHERE;
        return of(shape.values().get(place), kind, place, types);
    }

    private static RowKey of(Value value, Kind kind, int place, int[] types) {
        return switch (value) {
            case Value.Parameter(var number) -> {
                int declared = number >= 1 && number <= types.length ? types[number - 1] : 0;
                boolean same = declared == 0 || declared == UNDECLARED || kindOf(declared) == kind;
                yield same ? new RowKey(kind, -1, number - 1, UNKNOWN) : NOWHERE;
            }
            case Value.Any _ -> new RowKey(kind, place, -1, UNKNOWN);
            case Value.Quoted(var text) -> new RowKey(kind, -1, -1, ofText(kind, text));
            case Value.Whole(var digits) -> kind == Kind.WHOLE ? new RowKey(kind, -1, -1, ofText(kind, digits)) : NOWHERE;
            case Value.Null _ -> new RowKey(kind, -1, -1, OF_NULL);
            case Value.Cast(var bare, var type) -> kindOf(type) == kind ? of(bare, kind, place, types) : NOWHERE;
            case Value.Decimal _, Value.Bool _, Value.Default _, Value.Other _ -> NOWHERE;
        };
    }

    private static int placeOf(InsertShape shape, TargetTable table, String column) {
        if (!shape.columns().isEmpty()) return shape.columns().indexOf(column);
        return table.columns().stream().map(TargetTable.Column::name).toList().indexOf(column);
    }

    private static @Nullable Kind kindOf(int type) {
        return switch (type) {
            case BinaryValue.INT2, BinaryValue.INT4, BinaryValue.INT8 -> Kind.WHOLE;
            case BinaryValue.TEXT, BinaryValue.VARCHAR, BinaryValue.BPCHAR -> Kind.TEXT;
            case BinaryValue.UUID -> Kind.UUID;
            default -> null;
        };
    }

    private static long ofText(Kind kind, String text) {
        ByteBuf bytes = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
        return plain(kind, bytes, 0, bytes.writerIndex());
    }

    /// Where its value stands in a row of literals; -1 if that cannot be told.
    int place() {
        return place;
    }

    // --- of a row

    /// @param from in a Bind message, behind the names: where the formats begin
    /// @param to   where the message ends
    public long ofBind(ByteBuf in, int from, int to) {
        if (parameter < 0) return constant;
        if (from + 2 > to) return UNKNOWN;
        int formats = in.getUnsignedShort(from);
        int counted = from + 2 + 2 * formats;
        if (counted + 2 > to || parameter >= in.getUnsignedShort(counted) || formats > 1 && parameter >= formats) return UNKNOWN;
        int value = CopyPlan.find(in, counted + 2, parameter, to);
        if (value < 0) return UNKNOWN;
        int length = in.getInt(value);
        if (length < 0) return OF_NULL;
        int end = value + 4 + length;
        if (end > to) return UNKNOWN;
        boolean binary = formats > 0 && in.getShort(from + 2 + 2 * (formats == 1 ? 0 : parameter)) == BINARY;
        return binary ? binary(in, value + 4, end) : plain(kind, in, value + 4, end);
    }

    /// @param from in a text, behind the quote that opens the value
    /// @param to   where the quote stands that closes it
    long ofQuoted(ByteBuf in, int from, int to) {
        return kind == Kind.TEXT ? text(in, from, to, true) : plain(kind, in, from, to);
    }

    long ofUnquoted(ByteBuf in, int from, int to) {
        return kind == Kind.WHOLE ? plain(kind, in, from, to) : UNKNOWN;
    }

    static long ofNull() {
        return OF_NULL;
    }

    private long binary(ByteBuf in, int from, int to) {
        int bytes = to - from;
        return switch (kind) {
            case TEXT -> text(in, from, to, false);
            case UUID -> bytes == 16 ? uuid(in.getLong(from), in.getLong(from + 8)) : UNKNOWN;
            case WHOLE -> switch (bytes) {
                case 2 -> mix(in.getShort(from));
                case 4 -> mix(in.getInt(from));
                case 8 -> mix(in.getLong(from));
                default -> UNKNOWN;
            };
        };
    }

    private static long plain(Kind kind, ByteBuf in, int from, int to) {
        return switch (kind) {
            case TEXT -> text(in, from, to, false);
            case UUID -> hexadecimal(in, from, to);
            case WHOLE -> whole(in, from, to);
        };
    }

    // --- of a value

    private static long whole(ByteBuf in, int from, int to) {
        boolean negative = from < to && in.getByte(from) == '-';
        int at = negative ? from + 1 : from;
        if (at == to || to - at > DIGITS_MAX) return UNKNOWN;
        long value = 0;
        for (; at < to; at++) {
            int digit = in.getByte(at) - '0';
            if (digit < 0 || digit > 9) return UNKNOWN;
            value = 10 * value + digit;
        }
        return mix(negative ? -value : value);
    }

    private static long hexadecimal(ByteBuf in, int from, int to) {
        long high = 0;
        long low = 0;
        int digits = 0;
        for (int at = from; at < to; at++) {
            byte c = in.getByte(at);
            if (c == '-') continue;
            int digit = Character.digit(c, 16);
            if (digit < 0) return UNKNOWN;
            if (digits++ < 16) high = high << 4 | digit;
            else low = low << 4 | digit;
        }
        return digits == 32 ? uuid(high, low) : UNKNOWN;
    }

    private static long uuid(long high, long low) {
        return mix(mix(high) + low);
    }

    /// A type of a fixed or bounded length cuts blanks off.
    /// @param quoted two quotes mean one
    private static long text(ByteBuf in, int from, int to, boolean quoted) {
        int end = to;
        while (end > from && in.getByte(end - 1) == ' ') end--;
        long hash = 1125899906842597L;
        for (int at = from; at < end; at++) {
            byte c = in.getByte(at);
            hash = 31 * hash + c;
            if (quoted && c == '\'') at++;
        }
        return mix(hash);
    }

    private static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        mixed ^= mixed >>> 31;
        return mixed == UNKNOWN ? 0 : mixed;
    }

    /// @return empty if values of the column can be told, where rows have them in a usual notation
    public static Optional<String> whyUnknown(TargetTable table, String column) {
        List<TargetTable.Column> found = table.columns().stream().filter(each -> each.name().equals(column)).toList();
        if (found.isEmpty()) return Optional.of("there is no such column");
        return kindOf(found.getFirst().baseType()) == null ? Optional.of("its type is neither a whole number, nor a text, nor uuid") : Optional.empty();
    }
}
