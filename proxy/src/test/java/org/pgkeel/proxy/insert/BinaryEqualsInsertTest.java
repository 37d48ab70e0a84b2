package org.pgkeel.proxy.insert;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.CoalesceRule.AfterRowTriggers;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.statement.Dialect;
import org.postgresql.PGConnection;
import org.postgresql.util.PGBinaryObject;
import org.postgresql.util.PGobject;

/// A parameter in binary format is stored by COPY bit for bit as by the INSERT, or is not written for COPY at all.
class BinaryEqualsInsertTest {
    private static final int VALUES = 120;
    private static final List<String> SCALARS = List.of("bool", "int2", "int4", "oid", "int8", "float4", "float8", "numeric", "uuid", "bytea", "text", "varchar", "bpchar", "json", "jsonb", "date", "time", "timetz",
            "timestamp", "timestamptz", "interval", "inet", "cidr", "macaddr", "macaddr8", "varbit", "int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange");
    private static final List<String> MODIFIED = List.of("numeric(20,3)", "varchar(8)", "bpchar(6)", "time(2)", "timetz(0)", "timestamp(3)", "timestamptz(0)", "bit(5)", "varbit(9)");
    /// The driver wants ISO dates; other styles are the equivalence bench's.
    private static final List<String> SETTINGS = List.of("set datestyle to 'ISO, DMY'; set timezone to 'Asia/Kathmandu'", "set datestyle to 'ISO, YMD'; set intervalstyle to 'sql_standard'; set bytea_output to 'escape'",
            "set intervalstyle to 'postgres_verbose'; set extra_float_digits to -5", "set intervalstyle to 'iso_8601'; set xmloption to document");

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private final BinarySamples samples = new BinarySamples(random);
    private final List<String> different = new ArrayList<>();
    private Connection connection;
    private int copied;

    BinaryEqualsInsertTest() throws SQLException {
        System.out.println("seed " + seed);
        connection = SharedPostgres.get().connect();
    }

    @BeforeEach
    void types() throws SQLException {
        dropAll();
        execute("create type ci_mood as enum ('happy', 'sad', 'it''s \"so\" \\ so'); create domain ci_amount as numeric(12,4); create domain ci_tags as text[]; create domain ci_day as date");
        String oids = one("select string_agg(oid::text, ',') from pg_type where typname not like '\\_pg%' and typtype in ('b', 'e', 'r', 'd')");
        connection.close();
        connection = SharedPostgres.get().connect(PostgresFixture.DATABASE + "?binaryTransferEnable=" + oids, PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
        execute(SETTINGS.get(random.nextInt(SETTINGS.size())));
    }

    @AfterEach
    void close() throws SQLException {
        dropAll();
        connection.close();
    }

    private void dropAll() throws SQLException {
        execute("drop table if exists ci_c; drop table if exists ci_d; drop type if exists ci_mood cascade; drop domain if exists ci_amount cascade; drop domain if exists ci_tags cascade; drop domain if exists ci_day cascade");
    }

    @Test
    void scalars_are_stored_alike() throws Exception {
        for (String type : SCALARS) check(type, type, copiedMin(type), () -> samples.of(type));
        for (String type : MODIFIED) check(type, unmodified(type), 0, () -> samples.of(unmodified(type)));
        check("ci_mood", "ci_mood", VALUES * 3 / 4, () -> samples.of("ci_mood"));
        check("ci_amount", "numeric", VALUES / 4, () -> samples.of("numeric"));
        assertThat(different).as("seed %d", seed).isEmpty();
    }

    @Test
    void arrays_are_stored_alike() throws Exception {
        for (String type : SCALARS) {
            int oid = oid(type);
            check(type + "[]", type + "[]", copiedMin(type) / 4, () -> samples.array(type, oid));
        }
        for (String type : MODIFIED) {
            int oid = oid(unmodified(type));
            check(type + "[]", unmodified(type) + "[]", 0, () -> samples.array(unmodified(type), oid));
        }
        check("ci_tags", "text[]", VALUES / 2, () -> samples.array("text", oid("text")));
        assertThat(different).as("seed %d", seed).isEmpty();
    }

    /// What is cut off, too long or of another type: nobody minds whether COPY has it, as long as it has no more than the INSERT.
    @Test
    void spoilt_values_are_stored_by_copy_only_as_by_the_insert() throws Exception {
        for (String type : SCALARS) {
            int oid = oid(type);
            check(type, type, 0, () -> samples.spoilt(samples.of(type)));
            check(type + "[]", type + "[]", 0, () -> samples.spoilt(samples.array(type, random.nextInt(10) == 0 ? oid("text") : oid)));
        }
        assertThat(copied).isPositive();
        assertThat(different).as("seed %d", seed).isEmpty();
    }

    @Test
    void an_interval_is_no_text_for_a_column_that_cuts_it() throws Exception {
        execute("create table ci_c (a int, b interval hour, c interval, d interval day[])");
        TargetTable table = table();
        assertThat(plan("insert into ci_c (b) values ($1)", table)).isEmpty();
        assertThat(plan("insert into ci_c (c) values ($1)", table)).isPresent();
        assertThat(plan("insert into ci_c (c) values ($1::interval)", table)).isPresent();
        assertThat(plan("insert into ci_c (d) values ($1)", table)).isEmpty();
    }

    @Test
    void where_null_is_a_word_in_arrays_there_is_no_copy() throws Exception {
        execute("create table ci_c (a int, b int[])");
        assertThat(table().isEligible()).isTrue();
        execute("set array_nulls to off");
        assertThat(table().isEligible()).isFalse();
    }

    private interface Source {
        byte[] next() throws SQLException;
    }

    /// Random rows and odd values of some types are out of their ranges, or run by themselves.
    private static int copiedMin(String type) {
        return type.contains("range") || type.equals("date") || type.startsWith("time") ? VALUES / 8 : VALUES / 2;
    }

    private static String unmodified(String type) {
        return type.replaceAll("\\(.*\\)", "");
    }

    /// @param type of the column
    /// @param sent type of the parameter
    /// @param min  rows that came by COPY
    private void check(String type, String sent, int min, Source source) throws SQLException, IOException {
        execute("drop table if exists ci_c; drop table if exists ci_d; create table ci_c (a int, b " + type + "); create table ci_d (a int, b " + type + ")");
        CopyPlan plan = plan("insert into ci_c (a, b) values ($1, $2)", table()).orElseThrow();
        var values = new ArrayList<byte[]>();
        int before = copied;
        try (PreparedStatement insert = connection.prepareStatement("insert into ci_d (a, b) values (?, ?)")) {
            for (int i = 0; i < VALUES; i++) {
                byte[] value = source.next();
                values.add(value);
                if (value.length == 0) continue;   // the driver makes NULL of it
                insert.setInt(1, i);
                insert.setObject(2, new Binary(sent.equals("date") ? "ci_day" : sent, value));   // the driver sends no date in binary
                tryInsert(insert);
                ByteBuf row = Unpooled.buffer();
                ByteBuf bind = bind(i, value);
                if (plan.row(bind, 0, bind.writerIndex(), row)) tryCopy(plan, row);
            }
        }
        try (var rows = connection.createStatement().executeQuery("select c.a, c.b::text, d.b::text from ci_c c left join ci_d d using (a) where d.a is null or not (c *= d)")) {
            while (rows.next()) different.add(type + " " + HexFormat.of().formatHex(values.get(rows.getInt(1))) + ": COPY stores " + rows.getString(2) + ", INSERT " + rows.getString(3));
        }
        assertThat(copied - before).as("rows of %s by COPY, seed %d", type, seed).isGreaterThanOrEqualTo(min);
    }

    private static void tryInsert(PreparedStatement insert) {
        try {
            insert.executeUpdate();
        } catch (SQLException _) {
            // The server refuses the value.
        }
    }

    private void tryCopy(CopyPlan plan, ByteBuf row) throws IOException {
        byte[] bytes = new byte[row.readableBytes()];
        row.getBytes(row.readerIndex(), bytes);
        try {
            connection.unwrap(PGConnection.class).getCopyAPI().copyIn(plan.copyText(), new ByteArrayInputStream(bytes));
            copied++;
        } catch (SQLException _) {
            // Its row is run once more as an INSERT.
        }
    }

    /// Bytes that the driver sends as they are.
    private static final class Binary extends PGobject implements PGBinaryObject {
        private static final long serialVersionUID = 1;

        private final byte[] bytes;

        Binary(String type, byte[] bytes) {
            this.bytes = bytes;
            setType(type);
        }

        @Override
        public void setByteValue(byte[] value, int offset) {
            throw new UnsupportedOperationException("these values are sent, not received");
        }

        @Override
        public int lengthInBytes() {
            return bytes.length;
        }

        @Override
        public void toBytes(byte[] target, int offset) {
            System.arraycopy(bytes, 0, target, offset, bytes.length);
        }
    }

    private static java.util.Optional<CopyPlan> plan(String sql, TargetTable table) {
        return CopyPlan.of(InsertShape.parse(sql, Dialect.USUAL).orElseThrow(), new int[0], table, AfterRowTriggers.REFUSE);
    }

    private static ByteBuf bind(int a, byte[] b) {
        return Unpooled.buffer().writeShort(1).writeShort(1).writeShort(2).writeInt(4).writeInt(a).writeInt(b.length).writeBytes(b).writeShort(0);
    }

    private TargetTable table() throws SQLException {
        return KnownTable.ask(connection, "ci_c");
    }

    private int oid(String type) throws SQLException {
        return Integer.parseInt(one("select '" + type + "'::regtype::oid"));
    }

    private String one(String sql) throws SQLException {
        return Sql.one(connection, sql);
    }

    private void execute(String sql) throws SQLException {
        Sql.execute(connection, sql);
    }
}
