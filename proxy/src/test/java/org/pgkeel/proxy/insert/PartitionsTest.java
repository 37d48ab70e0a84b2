package org.pgkeel.proxy.insert;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.statement.Dialect;

/// Random values are divided as PostgreSQL divides them.
class PartitionsTest {
    private static final int VALUES = 2000;

    private Connection connection = connect();
    private @Nullable TargetTable known;

    private static Connection connect() {
        try {
            return SharedPostgres.get().connect();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void none() throws SQLException {
        execute("drop table if exists pt_t");
    }

    @AfterEach
    void close() throws SQLException {
        execute("drop table if exists pt_t");
        connection.close();
    }

    private void execute(String sql) throws SQLException {
        Sql.execute(connection, sql);
    }

    private TargetTable table() throws SQLException {
        return KnownTable.ask(connection, "pt_t");
    }

    private Optional<Partitions> partitions(String type, String by, String... bounds) throws SQLException {
        execute("create table pt_t (v text, k " + type + ") partition by " + by);
        for (int i = 0; i < bounds.length; i++) execute("create table pt_" + i + " partition of pt_t " + bounds[i]);
        return table().partitions();
    }

    // --- values

    private static String number(Random random, int bits) {
        return String.valueOf(random.nextLong() >> 64 - 1 - random.nextInt(bits));
    }

    private static String word(Random random) {
        var word = new StringBuilder();
        for (int length = random.nextInt(40); length > 0; length--) word.appendCodePoint(random.nextInt(8) == 0 ? "'\\äß漢🐘 ".codePointAt(random.nextInt(6)) : ' ' + random.nextInt(95));
        return word.toString();
    }

    private static String date(Random random) {
        return LocalDate.of(2024, 1, 1).plusDays(random.nextInt(-400, 800)).toString();
    }

    private static String timestamp(Random random) {
        LocalDateTime time = LocalDateTime.of(2024, 1, 1, 0, 0).plusNanos(1000L * random.nextLong(-20_000_000_000_000L, 60_000_000_000_000L));
        return (random.nextInt(4) == 0 ? time.withHour(0).withMinute(0).withSecond(0).withNano(0) : time).toString().replace('T', random.nextBoolean() ? ' ' : 'T');
    }

    private static byte[] bytes(String type, String value) {
        return switch (type) {
            case "int2" -> ByteBuffer.allocate(2).putShort(Short.parseShort(value)).array();
            case "int4" -> ByteBuffer.allocate(4).putInt(Integer.parseInt(value)).array();
            case "int8" -> ByteBuffer.allocate(8).putLong(Long.parseLong(value)).array();
            case "uuid" -> ByteBuffer.allocate(16).putLong(UUID.fromString(value).getMostSignificantBits()).putLong(UUID.fromString(value).getLeastSignificantBits()).array();
            case "date" -> ByteBuffer.allocate(4).putInt((int) (LocalDate.parse(value).toEpochDay() - LocalDate.of(2000, 1, 1).toEpochDay())).array();
            case "timestamp" -> {
                Instant time = LocalDateTime.parse(value.replace(' ', 'T')).toInstant(ZoneOffset.UTC);
                yield ByteBuffer.allocate(8).putLong((time.getEpochSecond() - 946_684_800L) * 1_000_000 + time.getNano() / 1000).array();
            }
            default -> value.getBytes(UTF_8);
        };
    }

    private static String[] eight() {
        var bounds = new String[8];
        for (int i = 0; i < 8; i++) bounds[i] = i < 7 ? "for values with (modulus 8, remainder " + i + ")" : "for values with (modulus 16, remainder 7)";
        return Stream.concat(Stream.of(bounds), Stream.of("for values with (modulus 32, remainder 15)", "for values with (modulus 32, remainder 31)")).toArray(String[]::new);
    }

    static Stream<Arguments> divisions() {
        Function<Random, String> uuid = random -> new UUID(random.nextLong(), random.nextLong()).toString();
        String[] ids = {"for values from (minvalue) to ('40000000-0000-0000-0000-000000000000')", "for values from ('40000000-0000-0000-0000-000000000000') to ('a0000000-0000-0000-0000-000000000000')", "default"};
        String[] days = {"for values from (minvalue) to ('2023-12-01')", "for values from ('2023-12-01') to ('2024-01-01')", "for values from ('2024-02-01') to ('2024-03-01')", "for values from ('2025-01-01') to (maxvalue)", "default"};
        String[] numbers = {"for values from (minvalue) to (-30)", "for values from (-30) to (0)", "for values from (0) to (1000)", "for values from (5000) to (maxvalue)", "default"};
        return Stream.of(
                of("int2", "hash (k)", random -> number(random, 15), eight()), of("int4", "hash (k)", random -> number(random, 31), eight()), of("int8", "hash (k)", random -> number(random, 59), eight()),
                of("uuid", "hash (k)", uuid, eight()), of("text", "hash (k)", PartitionsTest::word, eight()), of("varchar(100)", "hash (k)", PartitionsTest::word, eight()),
                of("int2", "range (k)", random -> number(random, 15), numbers), of("int4", "range (k)", random -> number(random, 31), numbers), of("int8", "range (k)", random -> number(random, 59), numbers),
                of("uuid", "range (k)", uuid, ids), of("date", "range (k)", PartitionsTest::date, days), of("timestamp", "range (k)", PartitionsTest::timestamp, days),
                of("timestamptz", "range (k)", random -> timestamp(random) + new String[] {"Z", "+00:00", "-03:30", "+05"}[random.nextInt(4)], days),
                of("int4", "list (k)", random -> number(random, 3), "for values in (1, 2, -3)", "for values in (0)", "default"),
                of("text", "list (k)", random -> new String[] {"a", "it's", "b, c", "", "other", "(x)"}[random.nextInt(6)], "for values in ('a', 'it''s')", "for values in ('b, c', '', '(x)')", "default"));
    }

    private static Arguments of(String type, String by, Function<Random, String> value, String... bounds) {
        return Arguments.of(type, by, Named.of("random", value), bounds);
    }

    /// Which partition has which number is not said: rows are together here if they are together there.
    @ParameterizedTest
    @MethodSource("divisions")
    void values_are_together_that_postgresql_puts_together(String type, String by, Function<Random, String> value, String[] bounds) throws SQLException {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        Partitions partitions = partitions(type, by, bounds).orElseThrow();
        assertThat(partitions.column()).isEqualTo("k");
        RowKey bound = RowKey.of(InsertShape.parse("insert into pt_t (k) values ($1)", Dialect.USUAL).orElseThrow(), new int[0], table(), partitions);
        var values = new String[VALUES];
        connection.setAutoCommit(false);
        try (PreparedStatement insert = connection.prepareStatement("insert into pt_t (v, k) values (?, ?::text::" + type + ")")) {
            for (int i = 0; i < VALUES; i++) {
                values[i] = i == 0 && !by.startsWith("list") && partitions.code().ofNull() != RowKey.UNKNOWN ? null : value.apply(random);
                insert.setString(1, String.valueOf(i));
                insert.setString(2, values[i]);
                insert.addBatch();
            }
            insert.executeBatch();
        }
        connection.commit();
        connection.setAutoCommit(true);
        var names = new HashMap<Long, String>();
        int seen = 0;
        try (var statement = connection.createStatement(); var rows = statement.executeQuery("select v::int, tableoid::regclass::text from pt_t")) {
            for (; rows.next(); seen++) {
                String text = values[rows.getInt(1)];
                long number = key(bound, 0, text == null ? null : text.getBytes(UTF_8));
                assertThat(number).as("partition of %s", text).isNotEqualTo(RowKey.UNKNOWN);
                assertThat(names.computeIfAbsent(number, _ -> name(rows))).as("partition of %s", text).isEqualTo(name(rows));
                if (text == null || type.equals("timestamptz")) continue;
                assertThat(key(bound, 1, bytes(type, text))).as("of %s in binary", text).isEqualTo(number);
                if (type.startsWith("int")) assertThat(literal(text, partitions)).as("of %s as a number", text).isEqualTo(number);
                assertThat(literal("'" + text.replace("'", "''") + "'", partitions)).as("of %s in quotes", text).isEqualTo(number);
            }
        }
        assertThat(seen).isEqualTo(VALUES);
        assertThat(Map.copyOf(names).values()).doesNotHaveDuplicates().hasSizeGreaterThan(1);
    }

    private static String name(ResultSet row) {
        try {
            return row.getString(2);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static long key(RowKey key, int format, byte @Nullable [] value) {
        ByteBuf bind = Unpooled.buffer().writeShort(1).writeShort(format).writeShort(1);
        if (value == null) bind.writeInt(-1);
        else bind.writeInt(value.length).writeBytes(value);
        bind.writeShort(0);
        return key.ofBind(bind, 0, bind.writerIndex());
    }

    private long literal(String literal, Partitions partitions) throws SQLException {
        var templates = new InsertTemplates();
        ByteBuf text = Unpooled.wrappedBuffer(("insert into pt_t (v, k) values ('x', " + literal + ")").getBytes(UTF_8));
        InsertShape found = templates.find(text, 0, text.writerIndex());
        assertThat(found).as(literal).isNotNull();
        if (known == null) known = table();
        return templates.key(found, RowKey.of(found, new int[0], known, partitions), text, 0, text.writerIndex());
    }

    @Test
    void what_no_value_of_one_column_can_say_is_not_guessed() throws SQLException {
        execute("create table pt_t (k int)");
        assertThat(table().partitions()).as("not partitioned").isEmpty();
        execute("drop table pt_t");
        assertThat(partitions("numeric", "range (k)", "for values from (1) to (10)")).as("of another type").isEmpty();
        execute("drop table pt_t");
        assertThat(partitions("int", "hash ((k + 1))", "for values with (modulus 2, remainder 0)")).as("by an expression").isEmpty();
        execute("drop table pt_t");
        assertThat(partitions("int", "range (k, v)", "for values from (1, 'a') to (10, 'b')")).as("by two columns").isEmpty();
        execute("drop table pt_t");
        assertThat(partitions("text", "range (k)", "for values from ('a') to ('b')")).as("by the order of texts").isEmpty();
        execute("drop table pt_t");
        assertThat(partitions("date", "range (k)", "for values from ('infinity') to (maxvalue)")).as("a bound in another notation").isEmpty();
        execute("drop table pt_t");
        assertThat(partitions("int", "hash (k)")).as("without partitions").isEmpty();
    }

    @Test
    void a_partition_that_is_attached_makes_another_table_of_it() throws SQLException {
        partitions("int", "list (k)", "for values in (1)");
        TargetTable before = table();
        assertThat(table()).isEqualTo(before);
        execute("create table pt_more partition of pt_t for values in (2)");
        assertThat(table()).isNotEqualTo(before);
        assertThat(table().partitions()).isNotEqualTo(before.partitions());
    }
}
