package org.pgkeel.proxy.insert;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.pgkeel.protocol.copy.BinaryValue;

/// Names of the server's own types that a cast to changes nothing but the type: not `char` and `bit`, which cut what is longer than one.
final class SqlTypes {
    private static final Map<String, Integer> NAMES = Map.ofEntries(Map.entry("bool", BinaryValue.BOOL), Map.entry("boolean", BinaryValue.BOOL), Map.entry("bytea", BinaryValue.BYTEA),
            Map.entry("int8", BinaryValue.INT8), Map.entry("bigint", BinaryValue.INT8), Map.entry("int2", BinaryValue.INT2), Map.entry("smallint", BinaryValue.INT2),
            Map.entry("int4", BinaryValue.INT4), Map.entry("int", BinaryValue.INT4), Map.entry("integer", BinaryValue.INT4), Map.entry("text", BinaryValue.TEXT),
            Map.entry("json", BinaryValue.JSON), Map.entry("jsonb", BinaryValue.JSONB), Map.entry("float4", BinaryValue.FLOAT4), Map.entry("real", BinaryValue.FLOAT4),
            Map.entry("float8", BinaryValue.FLOAT8), Map.entry("varchar", BinaryValue.VARCHAR), Map.entry("date", BinaryValue.DATE), Map.entry("time", BinaryValue.TIME), Map.entry("timetz", BinaryValue.TIMETZ),
            Map.entry("timestamp", BinaryValue.TIMESTAMP), Map.entry("timestamptz", BinaryValue.TIMESTAMPTZ), Map.entry("interval", BinaryValue.INTERVAL), Map.entry("numeric", BinaryValue.NUMERIC), Map.entry("decimal", BinaryValue.NUMERIC),
            Map.entry("uuid", BinaryValue.UUID), Map.entry("inet", BinaryValue.INET), Map.entry("cidr", BinaryValue.CIDR), Map.entry("macaddr", BinaryValue.MACADDR), Map.entry("xml", 142));

    /// The names, as a list of SQL's strings.
    static final String NAME_LIST = NAMES.keySet().stream().sorted().map(name -> '\'' + name + '\'').collect(Collectors.joining(", "));

    /// What an `atttypmod` adds to a length, and to a precision with its scale.
    private static final int MODIFIER_HEADER = 4;
    private static final int FRACTION_DIGITS_MAX = 6;
    private static final int PRECISION_MAX = 1000;
    private static final int NOT_KNOWN = -2;

    private SqlTypes() {}

    /// @param modifier as the catalogue has it; [TargetTable.Column#UNMODIFIED] if there is none
    record Type(int oid, int modifier) {
        Value.Cast cast(Value of) {
            return new Value.Cast(of, oid, modifier);
        }

        boolean isArray() {
            return BinaryValue.isArray(oid);
        }
    }

    /// Reads a type's name.
    /// @return empty for a type or a modifier that is not known here
    static Optional<Type> read(SqlCursor in) {
        if (!SqlCursor.isLetter(in.next())) return Optional.empty();
        String name = in.word();
        int named = switch (name) {
            case "double" -> in.takesWord("precision") ? BinaryValue.FLOAT8 : 0;
            case "character" -> in.takesWord("varying") ? BinaryValue.VARCHAR : 0;
            default -> NAMES.getOrDefault(name, 0);
        };
        int modifier = in.takes('(') ? modifier(named, in) : TargetTable.Column.UNMODIFIED;
        int type = switch (name) {
            case "timestamp" -> zoned(in, BinaryValue.TIMESTAMP, BinaryValue.TIMESTAMPTZ);
            case "time" -> zoned(in, BinaryValue.TIME, BinaryValue.TIMETZ);
            default -> named;
        };
        if (in.takes('[')) type = in.takes(']') ? BinaryValue.arrayOf(type) : 0;
        char next = in.next();
        boolean isRead = type != 0 && modifier != NOT_KNOWN && next != '(' && next != '[' && next != '.';
        return isRead ? Optional.of(new Type(type, modifier)) : Optional.empty();
    }

    /// From behind its parenthesis to behind the other one.
    private static int modifier(int type, SqlCursor in) {
        int first = number(in);
        boolean hasScale = in.takes(',');
        int scale = hasScale ? number(in) : 0;
        if (!in.takes(')') || hasScale && type != BinaryValue.NUMERIC) return NOT_KNOWN;
        return switch (type) {
            case BinaryValue.VARCHAR -> first >= 1 ? first + MODIFIER_HEADER : NOT_KNOWN;
            case BinaryValue.NUMERIC -> first >= 1 && first <= PRECISION_MAX && scale >= 0 && scale <= first ? (first << 16 | scale) + MODIFIER_HEADER : NOT_KNOWN;
            case BinaryValue.TIME, BinaryValue.TIMETZ, BinaryValue.TIMESTAMP, BinaryValue.TIMESTAMPTZ -> first >= 0 && first <= FRACTION_DIGITS_MAX ? first : NOT_KNOWN;
            default -> NOT_KNOWN;
        };
    }

    /// @return -1 if there is none that is small
    private static int number(SqlCursor in) {
        in.skipSpace();
        String digits = in.digits();
        return digits.isEmpty() || digits.length() > 8 ? -1 : Integer.parseInt(digits);
    }

    private static int zoned(SqlCursor in, int without, int with) {
        boolean zone = in.takesWord("with");
        if (!zone && !in.takesWord("without")) return without;
        in.expectWord("time");
        in.expectWord("zone");
        return zone ? with : without;
    }
}
