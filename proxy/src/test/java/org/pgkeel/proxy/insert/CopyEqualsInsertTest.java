package org.pgkeel.proxy.insert;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.CoalesceRule.AfterRowTriggers;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.statement.Dialect;
import org.postgresql.PGConnection;

/// A row that the plan writes for COPY stores what the INSERT stores, or is not written.
class CopyEqualsInsertTest {
    private static final String[] TYPES = {"smallint", "integer", "bigint", "numeric", "numeric(6,2)", "real", "double precision", "boolean", "text", "varchar(8)", "char(5)",
        "uuid", "json", "jsonb", "bytea", "date", "timestamp", "timestamp(3)", "timestamptz", "time", "interval", "interval hour", "inet", "int[]", "text[]", "numeric(6,2)[]", "interval hour[]", "varchar(3)[]", "ci_mood", "ci_short", "point", "bit(3)"};
    private static final String[] WORDS = {"1", "-7", "007", "32768", "2147483648", "1.005", "1e3", "1e-20000", "0e-99999", "{1e-20000}", "{5,1e-3}", "{\"1 day 02:03:04\"}", "NaN", "Infinity", "t", "no", "", " ", "\\N", "\\.", "a\\b", "tab\there", "line\nfeed", "cr\rlf\r\n",
        "it's", "''", "Grüße 🐘", "{}", "{1,2}", "{\"a\":1,  \"b\":[null]}", "{a,\"b c\",NULL}", "\\x00ff", "2024-02-29", "2024-02-30", "2024-02-29 12:34:56.7891234+05:30", "infinity",
        "0044-03-15 BC", "5", "1 day 02:03:04", "12:34:56.7", "::1", "10.0.0.0/8", "happy", "sad", "(1,2)", "101", "ABCDEF00-1111-2222-3333-444455556666", "trailing   ", "ab   "};

    private static final String[] CASTS = {"smallint", "int4", "bigint", "numeric", "real", "float8", "bool", "text", "varchar", "character varying", "char", "varchar(4)", "varchar(8)", "numeric(6,2)", "timestamp(3)", "character varying(8)", "int[]", "uuid", "json", "jsonb", "bytea", "date",
        "timestamp", "timestamp with time zone", "time", "interval", "inet", "text[]"};
    private static final String[] BARE = {"1", "-7", "007", "-0", "-0.0", "0.0", "1.5", "2.5", "-2.5", "1.005", "1e3", ".5", "5.", "-.5e1", "1e-5", "1e400", "1e-400", "0e-20000", "-1e-400", "40000", "3000000000", "9223372036854775808",
        "123456789012345678901234567890.123456789", "0.1", "16777217", "9007199254740993", "1234567.891"};

    private Connection connection = connect();

    private static Connection connect() {
        try {
            return SharedPostgres.get().connect();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void types() throws SQLException {
        execute("drop table if exists ci_t; drop type if exists ci_mood cascade; drop domain if exists ci_short cascade; create type ci_mood as enum ('happy', 'sad');"
                + "create domain ci_short as varchar(8) check (value <> 'sad')");
    }

    @AfterEach
    void close() throws SQLException {
        execute("drop table if exists ci_t; drop type if exists ci_mood cascade; drop domain if exists ci_short cascade");
        connection.close();
    }

    @Test
    void literals_are_stored_alike() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        var different = new ArrayList<String>();
        int copied = 0;
        var templates = new InsertTemplates();
        for (String type : TYPES) {
            execute("drop table if exists ci_t; create table ci_t (a int, b " + type + ")");
            TargetTable table = table();
            for (String word : WORDS) {
                String value = random.nextInt(4) == 0 && word.matches("-?[0-9]+") ? word : "'" + word.replace("'", "''") + "'";
                String sql = "insert into ci_t (a, b) values (" + random.nextInt(1000) + ", " + value + ")";
                byte[] bytes = sql.getBytes(UTF_8);
                Optional<InsertShape> read = InsertShape.parse(new String(bytes, ISO_8859_1), Dialect.USUAL);
                Optional<CopyPlan> plan = read.filter(InsertShape::isPlain).flatMap(shape -> CopyPlan.of(shape, new int[0], table, AfterRowTriggers.REFUSE));
                ByteBuf in = Unpooled.wrappedBuffer(bytes);
                InsertShape found = templates.find(in, 0, bytes.length);
                assertThat(found).as(sql).isNotNull();
                ByteBuf out = Unpooled.buffer();
                Optional<CopyPlan> fast = CopyPlan.of(found, new int[0], table, AfterRowTriggers.REFUSE);
                boolean written = fast.isPresent() && templates.row(found, fast.get(), in, 0, bytes.length, out);
                assertThat(written).as("%s into %s: both ways of reading it agree", sql, type).isEqualTo(plan.isPresent());
                if (!written) continue;
                ByteBuf slow = Unpooled.buffer();
                assertThat(plan.get().row(Unpooled.wrappedBuffer(new byte[6]), 0, 6, slow)).isTrue();
                assertThat(slow.toString(UTF_8)).isEqualTo(out.toString(UTF_8));
                copied++;
                compare(type + " <- " + value, sql, plan.get().copyText(), out, different);
            }
        }
        assertThat(different).isEmpty();
        assertThat(copied).isGreaterThan(900);
    }

    @Test
    void literals_in_other_notations_are_stored_alike() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        var different = new ArrayList<String>();
        int copied = 0;
        var templates = new InsertTemplates();
        for (String type : TYPES) {
            execute("drop table if exists ci_t; create table ci_t (a int default 7, b " + type + ")");
            TargetTable table = table();
            for (int i = 0; i < 250; i++) {
                String sql = "insert into ci_t (a, b) values (" + (random.nextBoolean() ? "default" : "'1'::int2") + ", " + notation(type, random) + ")" + (random.nextInt(8) == 0 ? " /* why */" : "");
                byte[] bytes = sql.getBytes(UTF_8);
                ByteBuf in = Unpooled.wrappedBuffer(bytes);
                InsertShape found = templates.find(in, 0, bytes.length);
                if (found == null) continue;
                Optional<CopyPlan> fast = CopyPlan.of(found, new int[0], table, AfterRowTriggers.REFUSE);
                ByteBuf out = Unpooled.buffer();
                if (fast.isEmpty() || !templates.row(found, fast.get(), in, 0, bytes.length, out)) continue;
                // In the extended protocol the text is read once, with the same end.
                CopyPlan plan = CopyPlan.of(InsertShape.parse(new String(bytes, ISO_8859_1), Dialect.USUAL).orElseThrow(), new int[0], table, AfterRowTriggers.REFUSE).orElseThrow();
                ByteBuf slow = Unpooled.buffer();
                assertThat(plan.row(Unpooled.wrappedBuffer(new byte[6]), 0, 6, slow)).isTrue();
                assertThat(out.toString(UTF_8)).as(sql).isEqualTo(slow.toString(UTF_8));
                assertThat(fast.get().copyText()).isEqualTo(plan.copyText());
                copied++;
                compare(type, sql, plan.copyText(), out, different);
            }
        }
        assertThat(different).isEmpty();
        assertThat(copied).isGreaterThan(1_200);
    }

    /// A value, as some client might write it.
    private static String notation(String type, Random random) {
        String word = WORDS[random.nextInt(WORDS.length)];
        String quoted = "'" + word.replace("'", "''") + "'";
        String own = type.replaceAll("\\(.*\\)", "").replace("ci_short", "varchar").replace("interval hour", "interval");
        String as = random.nextInt(4) == 0 ? type.replace("ci_short", "varchar(8)") : random.nextInt(3) > 0 ? own : CASTS[random.nextInt(CASTS.length)];
        String bare = BARE[random.nextInt(BARE.length)];
        return switch (random.nextInt(10)) {
            case 0 -> quoted + "::" + as;
            case 1 -> "(" + quoted + "::" + as + ")";
            case 2 -> "cast(" + quoted + " as " + as + ")";
            case 3 -> as.contains("[") || as.contains(" ") ? "null::" + as : as + " " + quoted;
            case 4 -> "E'" + word.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\t", random.nextBoolean() ? "\\t" : "\t") + "'";
            case 5 -> random.nextBoolean() ? "true" : "(NULL)";
            case 6 -> bare + "::" + as;
            case 7 -> "cast(" + bare + " as " + as + ")";
            default -> bare;
        };
    }

    @Test
    void parameters_with_a_cast_are_stored_alike() throws Exception {
        int[] declaredTypes = {0, 20, 21, 23, 25, 1043, 1700};
        var different = new ArrayList<String>();
        int copied = 0;
        for (String type : TYPES) {
            execute("drop table if exists ci_t; create table ci_t (a int, b " + type + ")");
            TargetTable table = table();
            for (String as : CASTS) {
                for (int declared : declaredTypes) copied += parameters(type, table, declared, "$1::" + as, different);
            }
        }
        assertThat(different).isEmpty();
        assertThat(copied).isGreaterThan(700);
    }

    @Test
    void parameters_in_text_are_stored_alike() throws Exception {
        int[] declaredTypes = {0, 16, 17, 20, 21, 23, 25, 114, 700, 701, 1042, 1043, 1082, 1114, 1184, 1186, 1700, 2950, 3802};
        var different = new ArrayList<String>();
        int copied = 0;
        for (String type : TYPES) {
            execute("drop table if exists ci_t; create table ci_t (a int, b " + type + ")");
            TargetTable table = table();
            for (int declared : declaredTypes) copied += parameters(type, table, declared, "$1", different);
        }
        assertThat(different).isEmpty();
        assertThat(copied).isGreaterThan(1500);
    }

    /// Each word as a parameter in text.
    /// @param declared type of the parameter
    /// @param value    of the column, as the statement has it
    /// @return how many could be said in a COPY
    private int parameters(String type, TargetTable table, int declared, String value, List<String> different) throws Exception {
        String sql = "insert into ci_t (b) values (" + value + ")";
        Optional<CopyPlan> plan = CopyPlan.of(InsertShape.parse(sql, Dialect.USUAL).orElseThrow(), new int[] {declared}, table, AfterRowTriggers.REFUSE);
        if (plan.isEmpty()) return 0;
        int copied = 0;
        for (String word : WORDS) {
            ByteBuf bind = bind(0, word.getBytes(UTF_8));
            ByteBuf out = Unpooled.buffer();
            if (!plan.get().row(bind, 0, bind.writerIndex(), out)) continue;
            copied++;
            // An EXECUTE reads its text by the declared type's input function, as a Bind does.
            String name = declared == 0 ? "unknown" : typeName(declared);
            String insert = "prepare ci_p (" + name + ") as " + sql + "; execute ci_p ('" + word.replace("'", "''") + "')";
            compare(type + " <- " + value + " of " + name + " '" + word + "'", insert, plan.get().copyText(), out, different);
        }
        return copied;
    }

    @Test
    void parameters_in_binary_are_stored_alike() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String[] binary = {"smallint", "integer", "bigint", "real", "double precision", "boolean", "uuid", "bytea", "date", "timestamp", "timestamptz", "text", "jsonb", "oid"};
        var different = new ArrayList<String>();
        int copied = 0;
        for (String type : binary) {
            execute("drop table if exists ci_t; create table ci_t (a int, b " + type + ")");
            CopyPlan plan = CopyPlan.of(InsertShape.parse("insert into ci_t (b) values ($1)", Dialect.USUAL).orElseThrow(), new int[] {0}, table(), AfterRowTriggers.REFUSE).orElseThrow();
            for (int i = 0; i < 60; i++) {
                byte[] value = binaryValue(type, random);
                ByteBuf bind = bind(1, value);
                ByteBuf out = Unpooled.buffer();
                if (!plan.row(bind, 0, bind.writerIndex(), out)) continue;
                execute("truncate ci_t");
                copy(plan.copyText(), out);
                copied++;
                String send = switch (type) {
                    case "smallint" -> "int2send"; case "integer" -> "int4send"; case "bigint" -> "int8send"; case "real" -> "float4send"; case "double precision" -> "float8send";
                    case "boolean" -> "boolsend"; case "timestamp" -> "timestamp_send"; case "timestamptz" -> "timestamptz_send"; case "text" -> "textsend"; case "uuid" -> "uuid_send";
                    case "date" -> "date_send"; case "jsonb" -> "jsonb_send"; case "oid" -> "oidsend"; default -> type + "send";
                };
                String stored = one("select encode(" + send + "(b), 'hex') from ci_t");
                String sent = java.util.HexFormat.of().formatHex(value);
                if (!stored.equals(sent) && !isNaN(type, value)) different.add(type + " " + sent + " as " + out.toString(UTF_8).strip() + " became " + stored);
            }
        }
        assertThat(different).isEmpty();
        assertThat(copied).isGreaterThan(400);
    }

    @Test
    void a_bind_that_the_server_refuses_is_no_row() throws Exception {
        execute("create table ci_t (a int, b text)");
        CopyPlan plan = CopyPlan.of(InsertShape.parse("insert into ci_t (b) values ($1)", Dialect.USUAL).orElseThrow(), new int[0], table(), AfterRowTriggers.REFUSE).orElseThrow();
        ByteBuf two = Unpooled.buffer().writeShort(0).writeShort(2).writeInt(1).writeByte('a').writeInt(1).writeByte('b').writeShort(0);
        ByteBuf formats = Unpooled.buffer().writeShort(2).writeShort(0).writeShort(0).writeShort(1).writeInt(1).writeByte('a').writeShort(0);
        ByteBuf cut = Unpooled.buffer().writeShort(0).writeShort(1).writeInt(5).writeByte('a');
        ByteBuf more = Unpooled.buffer().writeShort(0).writeShort(1).writeInt(1).writeByte('a').writeShort(0).writeByte(0);
        ByteBuf lessResults = Unpooled.buffer().writeShort(0).writeShort(1).writeInt(1).writeByte('a').writeShort(2).writeShort(0);
        ByteBuf noResults = Unpooled.buffer().writeShort(0).writeShort(1).writeInt(1).writeByte('a');
        for (ByteBuf bad : List.of(two, formats, cut, more, lessResults, noResults)) assertThat(plan.row(bad, 0, bad.writerIndex(), Unpooled.buffer())).isFalse();
    }

    @Test
    void a_parameter_in_two_places_or_in_none_is_left_to_the_server() throws Exception {
        execute("create table ci_t (a int, b text)");
        for (String sql : List.of("insert into ci_t (a, b) values ($1, $1)", "insert into ci_t (a, b) values ($1, $3)")) {
            assertThat(CopyPlan.of(InsertShape.parse(sql, Dialect.USUAL).orElseThrow(), new int[0], table(), AfterRowTriggers.REFUSE)).as(sql).isEmpty();
        }
        assertThat(CopyPlan.of(InsertShape.parse("insert into ci_t (b) values ($1)", Dialect.USUAL).orElseThrow(), new int[] {25, 23}, table(), AfterRowTriggers.REFUSE)).isEmpty();
    }

    @Test
    void a_column_that_is_left_out_is_asked_of_its_domain() throws Exception {
        execute("drop domain if exists ci_given cascade; create domain ci_given as text constraint given not null; create table ci_t (a int, b ci_given)");
        try {
            for (String left : List.of("(a) values (1)", "(a, b) values (1, default)", "values (1)")) {
                assertThat(CopyPlan.of(InsertShape.parse("insert into ci_t " + left, Dialect.USUAL).orElseThrow(), new int[0], table(), AfterRowTriggers.REFUSE)).as(left).isEmpty();
            }
            assertThat(CopyPlan.of(InsertShape.parse("insert into ci_t (b) values ('x')", Dialect.USUAL).orElseThrow(), new int[0], table(), AfterRowTriggers.REFUSE)).isPresent();
        } finally {
            execute("drop domain ci_given cascade");
        }
    }

    /// As many as a table may have, and in another order than the statement has them.
    @Test
    void a_row_has_each_parameter_in_its_column() throws Exception {
        int columns = 1600;
        for (int shift : new int[] {0, 1, 799}) {
            IntUnaryOperator parameterOf = column -> (column + shift) % columns;
            execute("drop table if exists ci_t; create table ci_t (" + IntStream.range(0, columns).mapToObj(i -> "c" + i + " int").collect(Collectors.joining(", ")) + ")");
            String insert = "insert into ci_t values (" + IntStream.range(0, columns).mapToObj(i -> "$" + (parameterOf.applyAsInt(i) + 1)).collect(Collectors.joining(", ")) + ")";
            CopyPlan plan = CopyPlan.of(InsertShape.parse(insert, Dialect.USUAL).orElseThrow(), new int[0], table(), AfterRowTriggers.REFUSE).orElseThrow();
            ByteBuf bind = Unpooled.buffer().writeShort(0).writeShort(columns);
            for (int i = 0; i < columns; i++) bind.writeInt(Integer.toString(i).length()).writeBytes(Integer.toString(i).getBytes(UTF_8));
            bind.writeShort(0);
            ByteBuf row = Unpooled.buffer();
            assertThat(plan.row(bind, 0, bind.writerIndex(), row)).isTrue();
            assertThat(row.toString(UTF_8)).isEqualTo(IntStream.range(0, columns).mapToObj(i -> Integer.toString(parameterOf.applyAsInt(i))).collect(Collectors.joining("\t")) + "\n");
        }
    }

    // --- both ways

    private void compare(String what, String insert, String copy, ByteBuf row, List<String> different) throws SQLException, IOException {
        execute("truncate ci_t");
        String direct;
        try {
            execute(insert);
            direct = one("select b::text from ci_t");
        } catch (SQLException e) {
            direct = "ERROR";
        }
        tryExecute("deallocate ci_p");
        execute("truncate ci_t");
        String copied;
        try {
            copy(copy, row);
            copied = one("select b::text from ci_t");
        } catch (SQLException e) {
            copied = "ERROR";
        }
        // A row that COPY refuses is run once more as an INSERT: that is not wrong.
        if (!copied.equals("ERROR") && !copied.equals(direct)) different.add(what + ": INSERT stores " + direct + ", COPY " + copied);
    }

    private void copy(String sql, ByteBuf row) throws SQLException, IOException {
        byte[] bytes = new byte[row.readableBytes()];
        row.getBytes(row.readerIndex(), bytes);
        connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql, new ByteArrayInputStream(bytes));
    }

    private TargetTable table() throws SQLException {
        return KnownTable.ask(connection, "ci_t");
    }

    private static ByteBuf bind(int format, byte[] value) {
        return Unpooled.buffer().writeShort(1).writeShort(format).writeShort(1).writeInt(value.length).writeBytes(value).writeShort(0);
    }

    private static boolean isNaN(String type, byte[] value) {
        ByteBuf in = Unpooled.wrappedBuffer(value);
        return type.equals("real") && Float.isNaN(in.getFloat(0)) || type.equals("double precision") && Double.isNaN(in.getDouble(0)) || type.equals("boolean");
    }

    private static byte[] binaryValue(String type, Random random) {
        byte[] value = new byte[switch (type) { case "boolean" -> 1; case "smallint" -> 2; case "integer", "real", "date", "oid" -> 4; case "uuid" -> 16; case "bytea" -> random.nextInt(20); default -> 8; }];
        random.nextBytes(value);
        ByteBuf out = Unpooled.buffer();
        switch (type) {
            case "boolean" -> out.writeByte(random.nextInt(2));
            case "date" -> out.writeInt(random.nextInt(1_000_000) - 500_000);
            case "timestamp", "timestamptz" -> out.writeLong(random.nextLong(200_000_000_000_000_000L) - 50_000_000_000_000_000L);
            case "text" -> out.writeBytes(WORDS[random.nextInt(WORDS.length)].getBytes(UTF_8));
            case "jsonb" -> out.writeByte(1).writeBytes("{\"a\": \"x\\\\y\\n\\t\"}".getBytes(UTF_8));
            default -> out.writeBytes(value);
        }
        byte[] result = new byte[out.readableBytes()];
        out.readBytes(result);
        return result;
    }

    private String typeName(int oid) throws SQLException {
        return one("select format_type(" + oid + ", null)").replace("character", oid == 1042 ? "bpchar" : "character");
    }

    private String one(String sql) throws SQLException {
        return Sql.one(connection, sql);
    }

    private void execute(String sql) throws SQLException {
        Sql.execute(connection, sql);
    }

    private void tryExecute(String sql) {
        try {
            execute(sql);
        } catch (SQLException _) {
            // It was not there.
        }
    }
}
