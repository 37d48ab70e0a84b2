package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.pgkeel.protocol.copy.BinaryValue;
import org.pgkeel.protocol.copy.CopyText;
import org.pgkeel.proxy.config.CoalesceRule;

/// How rows of one kind of INSERT become rows of a COPY. Equal plans share one.
///
/// A value may be copied where COPY, which knows but the column's type, makes of its text what the INSERT makes of it: a quoted literal, a parameter
/// without a declared type or with the column's own, text into text, whole numbers into whole numbers and numeric. A row that fails in the COPY is run
/// once more as it was sent, so only values that are accepted have to mean the same.
///
/// Threading: immutable.
public final class CopyPlan {
    private static final int UNKNOWN = 705;
    private static final int NUMERIC = 1700;
    private static final Set<Integer> WHOLE = Set.of(BinaryValue.INT2, BinaryValue.INT4, BinaryValue.INT8);
    private static final Set<Integer> CHARACTERS = Set.of(BinaryValue.TEXT, BinaryValue.VARCHAR, BinaryValue.BPCHAR);
    private static final int INTERVAL = 1186;
    private static final int BINARY = 1;

    private final long table;
    private final List<String> columns;
    private final String copyText;
    private final List<Source> sources;
    private final boolean[] takesWhole;
    private final int parameters;

    /// @param parameter index of the parameter; -1 for a value that stands in the text
    /// @param text      of that value, null for NULL
    /// @param decoded   type that a binary value has
    /// @param textIsIt  a value in text format means the same to the column
    private record Source(int parameter, Optional<byte[]> text, int decoded, boolean textIsIt) {}

    private CopyPlan(TargetTable table, List<String> columns, List<Source> sources, boolean[] takesWhole, int parameters) {
        this.table = table.oid();
        this.columns = List.copyOf(columns);
        this.sources = List.copyOf(sources);
        this.takesWhole = takesWhole;
        this.parameters = parameters;
        this.copyText = "copy " + table.copyTable() + " (" + columns.stream().map(InsertShape::quoted).collect(Collectors.joining(", ")) + ") from stdin";
    }

    /// @param types of the parameters as declared, 0 where nothing was
    /// @return empty if the rows cannot be a COPY's
    public static Optional<CopyPlan> of(InsertShape shape, int[] types, TargetTable table, CoalesceRule.AfterRowTriggers triggers) {
        boolean refused = table.hasAfterRowTrigger() && triggers == CoalesceRule.AfterRowTriggers.REFUSE;
        if (!shape.isPlain() || !table.isEligible() || refused) return Optional.empty();
        List<TargetTable.Column> into = columnsOf(shape, table);
        int parameters = eachOnce(shape.values(), types.length);
        if (into.size() != shape.values().size() || parameters < 0) return Optional.empty();
        var sources = new ArrayList<Source>();
        boolean[] takesWhole = new boolean[into.size()];
        for (int i = 0; i < into.size(); i++) {
            TargetTable.Column column = into.get(i);
            if (column.generated() || column.identityAlways()) return Optional.empty();
            takesWhole[i] = WHOLE.contains(column.baseType()) || column.baseType() == NUMERIC;
            Optional<Source> source = source(shape.values().get(i), types, column, takesWhole[i]);
            if (source.isEmpty()) return Optional.empty();
            sources.add(source.get());
        }
        return Optional.of(new CopyPlan(table, into.stream().map(TargetTable.Column::name).toList(), sources, takesWhole, parameters));
    }

    /// A parameter that stands in two places has the type of the first, and one that stands in none is checked by the server alone.
    /// @return how many parameters there are; -1 if not each of them stands in one place
    private static int eachOnce(List<Value> values, int declared) {
        var seen = new HashSet<Integer>();
        for (Value value : values) if (value instanceof Value.Parameter(var number) && !seen.add(number)) return -1;
        for (int number : seen) if (number > seen.size() || number < 1) return -1;
        return declared > seen.size() ? -1 : seen.size();
    }

    /// Those that the values go into; fewer if one of them is not there, or is named twice.
    private static List<TargetTable.Column> columnsOf(InsertShape shape, TargetTable table) {
        if (shape.columns().isEmpty()) return table.columns().subList(0, Math.min(table.columns().size(), shape.values().size()));
        var into = new ArrayList<TargetTable.Column>();
        var seen = new HashSet<String>();
        for (String name : shape.columns()) {
            table.columns().stream().filter(column -> column.name().equals(name) && seen.add(name)).findFirst().ifPresent(into::add);
        }
        return into;
    }

    private static Optional<Source> source(Value value, int[] types, TargetTable.Column column, boolean takesWhole) {
        return switch (value) {
            case Value.Quoted(var text) -> Optional.of(new Source(-1, Optional.of(latin(text)), 0, true));
            case Value.Whole(var digits) -> takesWhole ? Optional.of(new Source(-1, Optional.of(latin(digits)), 0, true)) : Optional.empty();
            case Value.Null _, Value.Any _ -> Optional.of(new Source(-1, Optional.empty(), 0, true));
            case Value.Parameter(var number) -> {
                int declared = number <= types.length ? types[number - 1] : 0;
                // As a parameter '5' is read as seconds, then cut to the column's fields; COPY reads it as the column's fields at once.
                if (column.baseType() == INTERVAL) yield Optional.empty();
                if (declared == 0 || declared == UNKNOWN) yield Optional.of(new Source(number - 1, Optional.empty(), column.baseType(), true));
                boolean same = declared == column.baseType() || declared == column.type() || CHARACTERS.contains(declared) && CHARACTERS.contains(column.baseType())
                        && declared != BinaryValue.BPCHAR;   // an INSERT cuts its blanks off
                // The text of a number may be beyond the parameter's range and within the column's: only binary numbers go over.
                boolean number1 = WHOLE.contains(declared) && takesWhole;
                yield same || number1 ? Optional.of(new Source(number - 1, Optional.empty(), same && declared == column.type() ? column.baseType() : declared, same)) : Optional.empty();
            }
            case Value.Decimal _, Value.Bool _, Value.Default _, Value.Cast _, Value.Other _ -> Optional.empty();
        };
    }

    private static byte[] latin(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    /// The command.
    public String copyText() {
        return copyText;
    }

    /// A whole number without quotes may go into this column.
    boolean takesWholeNumber(int column) {
        return takesWhole[column];
    }

    /// Appends a row.
    /// @param from in a Bind message, behind the names: where the formats begin
    /// @param to   where the message ends
    /// @return false if a value cannot be said so that it means the same; then out holds half a row
    public boolean row(ByteBuf in, int from, int to, ByteBuf out) {
        if (from + 2 > to) return false;
        int formats = in.getUnsignedShort(from);
        int at = from + 2 + 2 * formats;
        if (at + 2 > to) return false;
        int count = in.getUnsignedShort(at);
        if (count != parameters || formats > 1 && formats != count) return false;
        int values = at + 2;
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            if (i > 0) out.writeByte('\t');
            if (source.parameter < 0) {
                source.text.ifPresentOrElse(text -> CopyText.write(text, out), () -> CopyText.writeNull(out));
                continue;
            }
            if (source.parameter >= count) return false;
            int value = find(in, values, source.parameter, to);
            if (value < 0) return false;
            int length = in.getInt(value);
            if (length < 0) {
                CopyText.writeNull(out);
                continue;
            }
            if (value + 4 + length > to) return false;
            int format = formats == 0 ? 0 : in.getShort(from + 2 + 2 * (formats == 1 ? 0 : Math.min(source.parameter, formats - 1)));
            if (format == BINARY) {
                if (!BinaryValue.write(source.decoded, in, value + 4, value + 4 + length, out)) return false;
            } else {
                if (!source.textIsIt || in.indexOf(value + 4, value + 4 + length, (byte) 0) >= 0) return false;
                CopyText.write(in, value + 4, value + 4 + length, out);
            }
        }
        out.writeByte('\n');
        return true;
    }

    /// @return where the parameter's length stands; -1 if the message ends before
    static int find(ByteBuf in, int from, int parameter, int to) {
        int at = from;
        for (int i = 0; i < parameter; i++) {
            if (at + 4 > to) return -1;
            at += 4 + Math.max(0, in.getInt(at));
        }
        return at + 4 <= to ? at : -1;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CopyPlan that && table == that.table && columns.equals(that.columns);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(table) * 31 + columns.hashCode();
    }
}
