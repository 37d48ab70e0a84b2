package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgkeel.protocol.copy.BinaryValue;
import org.pgkeel.protocol.copy.CopyText;
import org.pgkeel.proxy.config.CoalesceRule;

/// How rows of one kind of INSERT become rows of a COPY, of a table as it was when the catalogue was asked. Equal plans share one.
///
/// A value may be copied where COPY, which knows but the column's type, makes of its text what the INSERT makes of it: a quoted literal, a parameter
/// without a declared type or with the column's own, text into text, whole numbers into whole numbers and numeric, any of them with a cast to the column's
/// own type. A row that fails in the COPY is run once more as it was sent, so only values that are accepted have to mean the same.
///
/// Threading: immutable.
public final class CopyPlan {
    private static final int UNKNOWN = 705;
    private static final Set<Integer> CHARACTERS = Set.of(BinaryValue.TEXT, BinaryValue.VARCHAR, BinaryValue.BPCHAR);
    private static final int TEXT = 0;
    private static final int BINARY = 1;

    private final TargetTable table;
    private final String copyText;
    private final List<Source> sources;
    private final int[] valueOf;
    private final Numerals[] numerals;
    private final int parameters;

    /// @param parameter index of the parameter; -1 for a value that stands in the text
    /// @param text      of that value, empty for NULL, and for what is seen in each text
    /// @param decoded   type that a binary value has
    /// @param range     that a text has to be in, see [Numerals#isInRange]; 0 for any text
    private record Source(int parameter, Optional<byte[]> text, int decoded, int range) {}

    private CopyPlan(TargetTable table, String writtenName, List<TargetTable.Column> into, List<Source> sources, int[] valueOf, int parameters) {
        this.table = table;
        this.sources = List.copyOf(sources);
        this.valueOf = valueOf;
        this.numerals = into.stream().map(column -> Numerals.of(column.baseType())).toArray(Numerals[]::new);
        this.parameters = parameters;
        this.copyText = "copy " + writtenName + " (" + into.stream().map(column -> InsertShape.quoted(column.name())).collect(Collectors.joining(", ")) + ") from stdin";
    }

    /// @param types of the parameters as declared, 0 where nothing was
    /// @return empty if the rows cannot be a COPY's
    public static Optional<CopyPlan> of(InsertShape shape, int[] types, TargetTable table, CoalesceRule.AfterRowTriggers triggers) {
        boolean refused = table.hasAfterRowTrigger() && triggers == CoalesceRule.AfterRowTriggers.REFUSE;
        if (!shape.isPlain() || !table.isEligible() || refused) return Optional.empty();
        List<TargetTable.Column> into = columnsOf(shape, table);
        int parameters = eachOnce(shape.values(), types.length);
        if (into.size() != shape.values().size() || parameters < 0) return Optional.empty();
        // A column whose value is DEFAULT is one that is left out.
        int[] given = IntStream.range(0, into.size()).filter(i -> !(shape.values().get(i) instanceof Value.Default)).toArray();
        var sources = new ArrayList<Source>();
        for (int i : given) {
            TargetTable.Column column = into.get(i);
            Optional<Source> source = column.generated() || column.identityAlways() ? Optional.empty() : source(shape.values().get(i), types, column);
            if (source.isEmpty()) return Optional.empty();
            sources.add(source.get());
        }
        List<TargetTable.Column> filled = IntStream.of(given).mapToObj(into::get).toList();
        // An INSERT asks the domain of a column that is left out whether it may be null, COPY does not.
        boolean leavesOutDomain = table.columns().stream().anyMatch(column -> column.isOfDomain() && !column.generated() && !filled.contains(column));
        return filled.isEmpty() || leavesOutDomain ? Optional.empty() : Optional.of(new CopyPlan(table, shape.writtenName(), filled, sources, given, parameters));
    }

    /// A parameter that stands in two places has the type of the first, and one that stands in none is checked by the server alone.
    /// @return how many parameters there are; -1 if not each of them stands in one place
    private static int eachOnce(List<Value> values, int declared) {
        var seen = new HashSet<Integer>();
        for (Value value : values) {
            Value bare = value instanceof Value.Cast(var of, _, _) ? of : value;
            if (bare instanceof Value.Parameter(var number) && !seen.add(number)) return -1;
        }
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

    private static Optional<Source> source(Value value, int[] types, TargetTable.Column column) {
        if (column.baseType() == BinaryValue.INTERVAL_ARRAY && isCutInterval(column)) return Optional.empty();
        Numerals numerals = Numerals.of(column.baseType());
        return switch (value) {
            case Value.Quoted(var text) -> text(text, range(column));
            case Value.Whole(var digits) -> number(digits, numerals);
            case Value.Decimal(var digits) -> number(digits, numerals);
            case Value.Bool(var is) -> column.baseType() == BinaryValue.BOOL ? Optional.of(constant(is ? "t" : "f")) : Optional.empty();
            case Value.Null _ -> varies(range(column));
            case Value.Any(var kind) -> switch (kind) {
                case LITERAL, TEXT -> varies(range(column));
                case WHOLE -> numerals == Numerals.NONE ? Optional.empty() : varies(0);
                case DECIMAL -> numerals.takesDecimals() ? varies(0) : Optional.empty();
                case BOOL -> column.baseType() == BinaryValue.BOOL ? varies(0) : Optional.empty();
            };
            case Value.Parameter(var number) -> parameter(number, declared(number, types), column);
            case Value.Cast(var of, var type, var modifier) -> modifier == TargetTable.Column.UNMODIFIED || type == column.baseType() && modifier == column.modifier()
                    ? cast(of, type, types, column) : Optional.empty();
            case Value.Default _, Value.Other _ -> Optional.empty();
        };
    }

    /// A cast to the column's own type changes nothing: the value is read as that type, then fitted into the column, as COPY does. With the column's own
    /// modifier, too: what it cuts off, COPY refuses.
    private static Optional<Source> cast(Value of, int type, int[] types, TargetTable.Column column) {
        Numerals numerals = Numerals.of(column.baseType());
        boolean isNumber = type == column.baseType() && numerals != Numerals.FLOAT;
        return switch (of) {
            case Value.Quoted(var text) -> isAlike(type, column) ? text(text, range(column)) : numerals.takesRange(type) ? text(text, type) : Optional.empty();
            case Value.Null _ -> isAlike(type, column) || numerals.takesRange(type) ? varies(0) : Optional.empty();
            case Value.Any(var kind) when kind == Value.Any.Kind.TEXT -> isAlike(type, column) ? varies(range(column)) : numerals.takesRange(type) ? varies(type) : Optional.empty();
            case Value.Whole _, Value.Decimal _, Value.Bool _, Value.Any _ -> isNumber ? source(of, types, column) : Optional.empty();
            // A parameter of no declared type gets that of its cast.
            case Value.Parameter(var number) -> isUnknown(declared(number, types)) || declared(number, types) == type ? parameter(number, type, column) : Optional.empty();
            case Value.Cast _, Value.Default _, Value.Other _ -> Optional.empty();
        };
    }

    private static Optional<Source> parameter(int number, int declared, TargetTable.Column column) {
        if (isCutInterval(column)) return Optional.empty();
        if (isUnknown(declared) || declared == column.type()) return Optional.of(new Source(number - 1, Optional.empty(), column.sentAs(), range(column)));
        if (isAlike(declared, column)) return Optional.of(new Source(number - 1, Optional.empty(), declared, range(column)));
        // The text of a number may be beyond the parameter's range and within the column's.
        return Numerals.of(column.baseType()).takesRange(declared) ? Optional.of(new Source(number - 1, Optional.empty(), declared, declared)) : Optional.empty();
    }

    /// The text of a value of this type is read alike as one of the column's.
    private static boolean isAlike(int type, TargetTable.Column column) {
        return type == column.baseType() && !isCutInterval(column)
                || CHARACTERS.contains(type) && CHARACTERS.contains(column.baseType()) && type != BinaryValue.BPCHAR;   // an INSERT cuts its blanks off
    }

    /// As a parameter, and in an array, '5' is read as seconds, then cut to the column's fields; COPY reads it as the column's fields at once.
    private static boolean isCutInterval(TargetTable.Column column) {
        boolean isInterval = column.baseType() == BinaryValue.INTERVAL || column.baseType() == BinaryValue.INTERVAL_ARRAY;
        return isInterval && column.modifier() != TargetTable.Column.UNMODIFIED;
    }

    private static int declared(int number, int[] types) {
        return number <= types.length ? types[number - 1] : 0;
    }

    private static boolean isUnknown(int declared) {
        return declared == 0 || declared == UNKNOWN;
    }

    /// An INSERT reads what is rounded to the column's scale as a number of any scale first.
    private static int range(TargetTable.Column column) {
        boolean isNumeric = column.baseType() == BinaryValue.NUMERIC || column.baseType() == BinaryValue.arrayOf(BinaryValue.NUMERIC);
        return isNumeric && column.modifier() != TargetTable.Column.UNMODIFIED ? BinaryValue.NUMERIC : 0;
    }

    private static Source constant(String text) {
        return new Source(-1, Optional.of(latin(text)), 0, 0);
    }

    private static Optional<Source> text(String text, int range) {
        return range == 0 || Numerals.isInRange(range, Unpooled.wrappedBuffer(latin(text)), 0, text.length()) ? Optional.of(constant(text)) : Optional.empty();
    }

    private static Optional<Source> varies(int range) {
        return Optional.of(new Source(-1, Optional.empty(), 0, range));
    }

    private static Optional<Source> number(String text, Numerals numerals) {
        return numerals.takes(Unpooled.wrappedBuffer(latin(text)), 0, text.length()) ? Optional.of(constant(text)) : Optional.empty();
    }

    private static byte[] latin(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    /// The command. It has the table by the name that the clients gave it: whether that is still this table shows the guard.
    public String copyText() {
        return copyText;
    }

    /// As it was known when the plan was made: a COPY of another one, or of what has become of it, could mean something else. So the guard is to ask for this one.
    public TargetTable table() {
        return table;
    }

    int columns() {
        return sources.size();
    }

    /// Which of the INSERT's values goes into this column.
    int valueOf(int column) {
        return valueOf[column];
    }

    Numerals numerals(int column) {
        return numerals[column];
    }

    /// A literal with quotes may go into this column as it is.
    boolean mayBeText(int column, ByteBuf in, int from, int to) {
        return mayBeText(sources.get(column), in, from, to);
    }

    private static boolean mayBeText(Source source, ByteBuf in, int from, int to) {
        return source.range == 0 || Numerals.isInRange(source.range, in, from, to);
    }

    /// Appends the value of a column that stands in every text alike.
    void constant(int column, ByteBuf out) {
        Optional<byte[]> text = sources.get(column).text;
        if (text.isPresent()) CopyText.write(text.get(), out);
        else CopyText.writeNull(out);
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
        int value = values;
        int parameter = 0;
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            if (i > 0) out.writeByte('\t');
            if (source.parameter < 0) {
                constant(i, out);
                continue;
            }
            if (source.parameter >= count) return false;
            // Most come in their order, and a row may have 1,600.
            boolean isBehind = source.parameter >= parameter;
            value = find(in, isBehind ? value : values, isBehind ? source.parameter - parameter : source.parameter, to);
            parameter = source.parameter;
            if (value < 0) return false;
            int length = in.getInt(value);
            if (length < -1) return false;
            if (length < 0) {
                CopyText.writeNull(out);
                continue;
            }
            if (length > to - value - 4) return false;
            int format = formats == 0 ? 0 : in.getShort(from + 2 + 2 * (formats == 1 ? 0 : Math.min(source.parameter, formats - 1)));
            if (format == BINARY) {
                if (!BinaryValue.write(source.decoded, in, value + 4, value + 4 + length, out)) return false;
            } else {
                if (format != TEXT || !mayBeText(source, in, value + 4, value + 4 + length) || in.indexOf(value + 4, value + 4 + length, (byte) 0) >= 0) return false;
                CopyText.write(in, value + 4, value + 4 + length, out);
            }
        }
        out.writeByte('\n');
        // Behind the parameters stand the formats of results, and nothing else.
        int results = behind(in, value, count - parameter, to);
        return results >= 0 && to - results >= 2 && to - results == 2 + 2 * in.getUnsignedShort(results);
    }

    /// @return where the parameter's length stands; -1 if the message ends before
    static int find(ByteBuf in, int from, int parameter, int to) {
        int at = behind(in, from, parameter, to);
        return to - at < 4 ? -1 : at;
    }

    /// @return behind so many parameters; -1 if the message ends before
    private static int behind(ByteBuf in, int from, int parameters, int to) {
        int at = from;
        for (int i = 0; i < parameters; i++) {
            if (to - at < 4) return -1;
            int length = Math.max(0, in.getInt(at));
            if (length > to - at - 4) return -1;
            at += 4 + length;
        }
        return at;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CopyPlan that && table.oid() == that.table.oid() && table.fingerprint().equals(that.table.fingerprint()) && copyText.equals(that.copyText);
    }

    @Override
    public int hashCode() {
        return (Long.hashCode(table.oid()) * 31 + table.fingerprint().hashCode()) * 31 + copyText.hashCode();
    }
}
