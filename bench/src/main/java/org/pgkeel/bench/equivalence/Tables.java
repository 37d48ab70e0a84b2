package org.pgkeel.bench.equivalence;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The tables of `schema.sql`, as the cases need to know them.
final class Tables {
    /// @param type whose pool values come from; for domains and enums their names
    /// @param values instead of the pool's, `#` in them is a number of the client's own; empty for the pool's
    record Column(String name, String type, List<String> values) {
        Column(String name, String type) {
            this(name, type, List.of());
        }
    }

    /// @param volatileColumns at its beginning, whose values nobody can foretell
    /// @param columns         that a case may name, uid first
    /// @param listed          whether a column list may be left out
    record Table(String name, List<String> volatileColumns, List<Column> columns, boolean listed) {}

    static final Column UID = new Column("uid", "int8");
    static final List<Table> ALL = all();
    /// Only written by triggers and rules, or the stored side of another name.
    private static final List<String> OTHERS = List.of("audit", "elsewhere", "other.events");

    private Tables() {}

    static String schema() throws IOException {
        try (InputStream in = Tables.class.getResourceAsStream("schema.sql")) {
            if (in == null) throw new IOException("schema.sql is not on the class path");
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// Every table that can hold rows, with the columns at its beginning that are not compared.
    static List<Table> stored() {
        var stored = new ArrayList<>(ALL.stream().distinct().filter(t -> !t.name.equals("seen")).toList());
        OTHERS.forEach(name -> stored.add(new Table(name, List.of(), List.of(), false)));
        return stored;
    }

    private static List<Table> all() {
        var all = new ArrayList<Table>();
        // More than one mention makes more cases of it, so that more of them are on their way together.
        for (int i = 0; i < 4; i++) all.add(table("events", "user_id uuid", "type varchar(50)", "payload jsonb", "ts timestamptz"));
        all.add(table("numbers", "i2 int2", "i4 int4", "i8 int8", "n numeric", "n52 numeric(5,2)", "f4 float4", "f8 float8", "m money", "o oid"));
        all.add(table("texts", "t text", "v varchar(10)", "c char(5)", "nm name", "ch \"char\"", "b bytea", "bt bit(4)", "vb varbit(6)"));
        all.add(table("times", "d date", "t time", "tz timetz", "ts timestamp", "tstz timestamptz", "iv interval", "t0 timestamptz(0)"));
        all.add(table("hours", "ih interval hour", "iha interval hour[]"));
        all.add(table("nets", "i inet", "c cidr", "m macaddr", "m8 macaddr8", "u uuid", "l pg_lsn", "b bool"));
        all.add(table("docs", "j json", "jb jsonb", "jp jsonpath", "tv tsvector", "tq tsquery", "x xml"));
        all.add(table("shapes", "p point", "l line", "s lseg", "b box", "pa path", "po polygon", "ci circle"));
        all.add(table("arrays", "ia int4[]", "ta text[]", "na numeric[]", "ua uuid[]", "ja jsonb[]", "tsa timestamptz[]", "ba bool[]", "n52a numeric(5,2)[]", "va varchar(3)[]"));
        all.add(table("ranges", "r4 int4range", "rn numrange", "rt tstzrange", "rd daterange", "pr price_range", "mr int4multirange"));
        all.add(table("customs", "e mood", "d positive", "em email", "sn short_name", "a address", "ea mood[]", "aa address[]"));
        all.add(table("unlogged_events", "n int4", "t text"));
        all.add(table("\"Weird Table\"", "\"Column.x\" text", "\"select\" int4", "\"ünï\" text"));
        all.add(new Table("defaulted", List.of("seq", "made"), List.of(UID, new Column("a", "int4", List.of("1", "500", "999", "1000", "5000")), new Column("b", "text"), new Column("gen", "int4")), true));
        all.add(new Table("identities", List.of("seq"), List.of(UID, new Column("t", "text")), true));
        all.add(new Table("identities_always", List.of("seq"), List.of(UID, new Column("t", "text"), new Column("seq", "int8")), true));
        all.add(table("named_by", "n int4"));
        List<String> small = List.of("1", "50", "99", "100", "200");
        all.add(new Table("checked", List.of(), List.of(UID, new Column("a", "int4", small), new Column("b", "int4", small), new Column("c", "text", List.of("x", "short", "far too long for this column"))), false));
        all.add(new Table("keyed", List.of(), List.of(UID, new Column("k", "int8", List.of("#0", "#1", "#2", "#3", "#4", "#5")), new Column("k2", "text", List.of("k#0", "k#1", "k#2", "k\n#3", "k\\#4")), new Column("v", "text")), false));
        all.add(new Table("referring", List.of(), List.of(UID, new Column("parent", "int4", List.of("1", "2", "20", "99")), new Column("d", "int4", List.of("3", "4", "77"))), false));
        List<String> nodes = IntStream.range(10, 90).mapToObj(node -> "#" + node).toList();
        all.add(new Table("tree", List.of(), List.of(UID, new Column("node", "int8", nodes), new Column("parent", "int8", nodes)), false));
        all.add(new Table("deferred_key", List.of(), List.of(UID, new Column("k", "int8", List.of("#0", "#1", "#2", "#3", "#4", "#5", "#6", "#7"))), false));
        all.add(new Table("excluding", List.of(), List.of(UID, new Column("during", "int8range", List.of("[#0,#4)", "[#2,#3)", "[#5,#9)", "empty"))), false));
        all.add(new Table("expressions", List.of(), List.of(UID, new Column("a", "int4", List.of("1", "10")), new Column("b", "int4", List.of("0", "2", "5"))), false));
        List<String> days = List.of("2026-01-01 10:00+00", "2026-01-02 23:59:59+00", "2026-01-05 00:00+00", "2026-01-01 23:30");
        all.add(new Table("by_day", List.of(), List.of(UID, new Column("ts", "timestamptz", days), new Column("v", "text")), false));
        all.add(new Table("by_hash", List.of(), List.of(UID, new Column("k", "int4"), new Column("v", "text", List.of("good", "bad", "better"))), false));
        all.add(table("base", "v text"));
        all.add(table("derived", "v text", "w int4"));
        List<String> words = List.of("plain", "skip", "raise", "notice", "change", "warn");
        for (String name : List.of("triggered", "audited", "late", "per_statement", "with_transition")) {
            all.add(new Table(name, List.of(), List.of(UID, new Column("v", "text", words)), false));
        }
        all.add(new Table("noisy", List.of(), List.of(UID, new Column("v", "text", List.of("yes", "no", "notice", "maybe"))), false));
        all.add(new Table("ruled", List.of(), List.of(UID, new Column("v", "text", List.of("here", "away"))), false));
        all.add(new Table("guarded", List.of(), List.of(UID, new Column("owner", "text", List.of("nobody", "alice", "bob")), new Column("v", "text")), false));
        all.add(table("seen", "v text"));
        all.add(table("forbidden", "v text"));
        all.add(table("partly", "v text", "secret text"));
        all.add(table("wide", "a int4", "b int4", "c int4", "d int4", "e int4", "f int4", "g int4", "h int4", "i int4", "j int4", "k int4", "l text"));
        return all;
    }

    private static Table table(String name, String... columns) {
        var all = new ArrayList<Column>();
        all.add(UID);
        for (String column : columns) {
            int blank = column.lastIndexOf('"') > 0 && column.startsWith("\"") ? column.indexOf("\" ") + 1 : column.indexOf(' ');
            all.add(new Column(column.substring(0, blank), column.substring(blank + 1)));
        }
        return new Table(name, List.of(), all, true);
    }
}
