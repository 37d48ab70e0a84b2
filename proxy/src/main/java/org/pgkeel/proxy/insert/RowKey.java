package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// Where one kind of INSERT has the value of one column, and what becomes of it: by [EqualKeys] a hash, so that values that are equal in the table have
/// equal ones, by [Partitions] the number of a partition.
///
/// Anything that is not understood is [#UNKNOWN]: an expression, a default, a type of another kind, a number in an unusual notation.
///
/// Threading: immutable.
public final class RowKey {
    /// The value may be equal to any other. No hash is this.
    public static final long UNKNOWN = Long.MIN_VALUE;
    private static final int UNDECLARED = 705;
    private static final int BINARY = 1;
    private static final RowKey NOWHERE = new RowKey(EqualKeys.TEXT, -1, -1, UNKNOWN);

    private final KeyCode code;
    private final int place;
    private final int parameter;
    private final long constant;

    /// @param place     of the value in a row of literals; -1 if it is not there
    /// @param parameter index of the parameter; -1 if it is none
    /// @param constant  what becomes of a value that stands in the text of a statement with parameters
    private RowKey(KeyCode code, int place, int parameter, long constant) {
        this.code = code;
        this.place = place;
        this.parameter = parameter;
        this.constant = constant;
    }

    /// A hash of the column's values.
    /// @param types of the parameters as declared, 0 where nothing was
    public static RowKey of(InsertShape shape, int[] types, TargetTable table, String column) {
        KeyCode code = EqualKeys.of(table.columns().stream().filter(each -> each.name().equals(column)).findFirst().map(TargetTable.Column::baseType).orElse(0));
        return code == null ? NOWHERE : of(shape, types, table, column, code);
    }

    /// The partition that a row belongs to, as [Partitions] numbers them.
    /// @param types as above
    public static RowKey of(InsertShape shape, int[] types, TargetTable table, Partitions partitions) {
        return of(shape, types, table, partitions.column(), partitions.code());
    }

    private static RowKey of(InsertShape shape, int[] types, TargetTable table, String column, KeyCode code) {
        int place = placeOf(shape, table, column);
        return place < 0 || place >= shape.values().size() ? NOWHERE : of(shape.values().get(place), code, place, types);
    }

    private static RowKey of(Value value, KeyCode code, int place, int[] types) {
        return switch (value) {
            case Value.Parameter(var number) -> {
                int declared = number >= 1 && number <= types.length ? types[number - 1] : 0;
                yield declared == 0 || declared == UNDECLARED || code.takes(declared) ? new RowKey(code, -1, number - 1, UNKNOWN) : NOWHERE;
            }
            case Value.Any _ -> new RowKey(code, place, -1, UNKNOWN);
            case Value.Quoted(var text) -> new RowKey(code, -1, -1, ofText(code, text));
            case Value.Whole(var digits) -> code.takesNumerals() ? new RowKey(code, -1, -1, ofText(code, digits)) : NOWHERE;
            case Value.Null _ -> new RowKey(code, -1, -1, code.ofNull());
            case Value.Cast(var bare, var type, var modifier) -> modifier == TargetTable.Column.UNMODIFIED && code.takes(type) ? of(bare, code, place, types) : NOWHERE;
            case Value.Decimal _, Value.Bool _, Value.Default _, Value.Other _ -> NOWHERE;
        };
    }

    private static int placeOf(InsertShape shape, TargetTable table, String column) {
        if (!shape.columns().isEmpty()) return shape.columns().indexOf(column);
        return table.columns().stream().map(TargetTable.Column::name).toList().indexOf(column);
    }

    private static long ofText(KeyCode code, String text) {
        ByteBuf bytes = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
        return code.ofText(bytes, 0, bytes.writerIndex(), false);
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
        if (length < 0) return code.ofNull();
        if (length > to - value - 4) return UNKNOWN;
        int end = value + 4 + length;
        boolean binary = formats > 0 && in.getShort(from + 2 + 2 * (formats == 1 ? 0 : parameter)) == BINARY;
        return binary ? code.ofBinary(in, value + 4, end) : code.ofText(in, value + 4, end, false);
    }

    /// @param from in a text, behind the quote that opens the value
    /// @param to   where the quote stands that closes it
    long ofQuoted(ByteBuf in, int from, int to) {
        return code.ofText(in, from, to, true);
    }

    long ofUnquoted(ByteBuf in, int from, int to) {
        return code.takesNumerals() ? code.ofText(in, from, to, false) : UNKNOWN;
    }

    long ofNull() {
        return code.ofNull();
    }

    /// @return empty if values of the column can be told, where rows have them in a usual notation
    public static Optional<String> whyUnknown(TargetTable table, String column) {
        List<TargetTable.Column> found = table.columns().stream().filter(each -> each.name().equals(column)).toList();
        if (found.isEmpty()) return Optional.of("there is no such column");
        return EqualKeys.of(found.getFirst().baseType()) == null ? Optional.of("its type is neither a whole number, nor a text, nor uuid") : Optional.empty();
    }
}
