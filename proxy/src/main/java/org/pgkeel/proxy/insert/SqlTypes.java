package org.pgkeel.proxy.insert;

import java.util.Map;
import java.util.stream.Collectors;
import org.pgkeel.protocol.copy.BinaryValue;

/// Names of the server's own types that a cast to changes nothing but the type: not `char` and `bit`, which cut what is longer than one.
final class SqlTypes {
    private static final Map<String, Integer> NAMES = Map.ofEntries(Map.entry("bool", BinaryValue.BOOL), Map.entry("boolean", BinaryValue.BOOL), Map.entry("bytea", BinaryValue.BYTEA),
            Map.entry("int8", BinaryValue.INT8), Map.entry("bigint", BinaryValue.INT8), Map.entry("int2", BinaryValue.INT2), Map.entry("smallint", BinaryValue.INT2),
            Map.entry("int4", BinaryValue.INT4), Map.entry("int", BinaryValue.INT4), Map.entry("integer", BinaryValue.INT4), Map.entry("text", BinaryValue.TEXT),
            Map.entry("json", BinaryValue.JSON), Map.entry("jsonb", BinaryValue.JSONB), Map.entry("float4", BinaryValue.FLOAT4), Map.entry("real", BinaryValue.FLOAT4),
            Map.entry("float8", BinaryValue.FLOAT8), Map.entry("varchar", BinaryValue.VARCHAR), Map.entry("date", BinaryValue.DATE), Map.entry("time", 1083), Map.entry("timetz", 1266),
            Map.entry("timestamp", BinaryValue.TIMESTAMP), Map.entry("timestamptz", BinaryValue.TIMESTAMPTZ), Map.entry("numeric", 1700), Map.entry("decimal", 1700),
            Map.entry("uuid", BinaryValue.UUID), Map.entry("inet", 869), Map.entry("cidr", 650), Map.entry("macaddr", 829), Map.entry("xml", 142));

    /// The names, as a list of SQL's strings.
    static final String NAME_LIST = NAMES.keySet().stream().sorted().map(name -> '\'' + name + '\'').collect(Collectors.joining(", "));

    private SqlTypes() {}

    /// Reads a type's name.
    /// @return its oid; 0 for a type that is not known here, or has a modifier, or is an array
    static int read(SqlCursor in) {
        if (!SqlCursor.isLetter(in.next())) return 0;
        String name = in.word();
        int type = switch (name) {
            case "double" -> in.takesWord("precision") ? BinaryValue.FLOAT8 : 0;
            case "character" -> in.takesWord("varying") ? BinaryValue.VARCHAR : 0;
            case "timestamp" -> zoned(in, BinaryValue.TIMESTAMP, BinaryValue.TIMESTAMPTZ);
            case "time" -> zoned(in, NAMES.get("time"), NAMES.get("timetz"));
            default -> NAMES.getOrDefault(name, 0);
        };
        char next = in.next();
        return next == '(' || next == '[' || next == '.' ? 0 : type;
    }

    private static int zoned(SqlCursor in, int without, int with) {
        boolean zone = in.takesWord("with");
        if (!zone && !in.takesWord("without")) return without;
        in.expectWord("time");
        in.expectWord("zone");
        return zone ? with : without;
    }
}
