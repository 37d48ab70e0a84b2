package org.pgkeel.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// pgjdbc: types, prepared statements, batches, large values. Transactions, COPY, cancel and settings are in [PgjdbcSessionTest].
@Tag("drivers")
@ParameterizedClass
@EnumSource
class PgjdbcTest {
    private static final String SCHEMA = "pgjdbc_statements";
    private final ProxyUnderTest server;

    PgjdbcTest(Way way) {
        server = way.open();
    }

    @BeforeEach
    void makeSchema() throws SQLException {
        try (Connection c = Jdbc.connect(server)) {
            Jdbc.execute(c, "drop schema if exists " + SCHEMA + " cascade", "create schema " + SCHEMA,
                    "create table " + SCHEMA + ".items (id int primary key, name text, amount numeric, at timestamptz, body bytea)");
        }
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({"extended, false", "extended, true", "extendedForPrepared, true", "extendedCacheEverything, true", "simple, false"})
    void values_of_many_types_come_back_as_they_went(String queryMode, boolean binaryFromTheFirst) throws SQLException {
        try (Connection c = Jdbc.connect(server, "preferQueryMode", queryMode, "prepareThreshold", binaryFromTheFirst ? "-1" : "5")) {
            for (int turn = 0; turn < 8; turn++) {   // past the threshold, where pgjdbc turns to binary
                comesBack(c, "bool", true);
                comesBack(c, "int2", Short.MIN_VALUE, Integer.valueOf(Short.MIN_VALUE));
                comesBack(c, "int4", Integer.MAX_VALUE);
                comesBack(c, "int8", Long.MIN_VALUE);
                comesBack(c, "float4", 0.25f);
                comesBack(c, "float8", 1.5e300);
                comesBack(c, "numeric", new BigDecimal("-12345678901234567890.123456789"));
                comesBack(c, "text", "žluťoučký 🐘 \\ ' \"");
                comesBack(c, "text", "");
                comesBack(c, "uuid", UUID.fromString("12345678-1234-5678-1234-567812345678"));
                comesBack(c, "date", LocalDate.of(2024, 2, 29), java.sql.Date.valueOf("2024-02-29"));
                comesBack(c, "time", LocalTime.of(23, 59, 59), java.sql.Time.valueOf("23:59:59"));
                assertThat(Jdbc.value(c, "select ?::timestamptz = '2024-02-29 12:00:00.123456+00'::timestamptz", OffsetDateTime.parse("2024-02-29T12:00:00.123456Z"))).isEqualTo("t");
                assertThat(Jdbc.value(c, "select array_to_string(?::int4[], ',')", c.createArrayOf("int4", new Integer[] {1, 2, 3}))).isEqualTo("1,2,3");
                assertThat(Jdbc.column(c, "select null::text union all select 'x'")).containsExactly(null, "x");
            }
        }
    }

    private static void comesBack(Connection c, String type, Object value) throws SQLException {
        comesBack(c, type, value, value);
    }

    private static void comesBack(Connection c, String type, Object value, Object expected) throws SQLException {
        try (PreparedStatement statement = c.prepareStatement("select ?::" + type)) {
            statement.setObject(1, value);
            try (var rows = statement.executeQuery()) {
                rows.next();
                assertThat(rows.getObject(1)).isEqualTo(expected);
            }
        }
    }

    /// pgjdbc names its statements S_1, S_2, ...: every connection gives the same name to another text.
    @Test
    void statements_of_equal_name_and_different_text_stay_apart_past_the_threshold() throws Exception {
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int n = 0; n < 20; n++) {
            int number = n;
            threads.add(Thread.ofVirtual().start(() -> {
                try (Connection c = Jdbc.connect(server, "prepareThreshold", "2");
                        var statement = c.prepareStatement("select " + number + ", ?::int * " + (number + 1) + ", 'text of " + number + "'")) {
                    for (int i = 0; i < 60; i++) {
                        statement.setInt(1, i);
                        try (var rows = statement.executeQuery()) {
                            rows.next();
                            String got = rows.getInt(1) + " " + rows.getInt(2) + " " + rows.getString(3);
                            if (!got.equals(number + " " + i * (number + 1) + " text of " + number)) wrong.add(got);
                        }
                    }
                } catch (SQLException e) {
                    wrong.add(e.toString());
                }
            }));
        }
        for (Thread thread : threads) thread.join();
        assertThat(wrong).isEmpty();
    }

    @Test
    void more_statements_than_the_drivers_cache_holds_are_closed_and_prepared_anew() throws SQLException {
        try (Connection c = Jdbc.connect(server, "prepareThreshold", "1", "preparedStatementCacheQueries", "5")) {
            for (int turn = 0; turn < 3; turn++) {
                for (int n = 0; n < 30; n++) assertThat(Jdbc.value(c, "select ?::int + " + n, turn)).isEqualTo(Integer.toString(turn + n));
            }
        }
    }

    /// "cached plan must not change result type" must not reach an autocommit client twice; pgjdbc heals it by itself.
    @Test
    void a_prepared_statement_survives_a_change_of_its_table() throws SQLException {
        try (Connection c = Jdbc.connect(server, "prepareThreshold", "1"); Connection other = Jdbc.connect(server)) {
            Jdbc.execute(other, "insert into " + SCHEMA + ".items (id, name) values (1, 'one')");
            try (var statement = c.prepareStatement("select * from " + SCHEMA + ".items")) {
                for (int i = 0; i < 6; i++) assertThat(columnsOf(statement)).isEqualTo(5);
                Jdbc.execute(other, "alter table " + SCHEMA + ".items add extra text");
                assertThat(columnsOf(statement)).isEqualTo(6);
                Jdbc.execute(other, "alter table " + SCHEMA + ".items drop extra");
                assertThat(columnsOf(statement)).isEqualTo(5);
            }
        }
    }

    private static int columnsOf(PreparedStatement statement) throws SQLException {
        try (var rows = statement.executeQuery()) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString("name")).isEqualTo("one");
            return rows.getMetaData().getColumnCount();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void batches_insert_every_row_and_name_the_one_that_fails(String reWriteBatchedInserts) throws SQLException {
        try (Connection c = Jdbc.connect(server, "reWriteBatchedInserts", reWriteBatchedInserts)) {
            String insert = "insert into " + SCHEMA + ".items (id, name) values (?, ?)";
            try (var statement = c.prepareStatement(insert)) {
                for (int i = 0; i < 3000; i++) {
                    statement.setInt(1, i);
                    statement.setString(2, "n" + i);
                    statement.addBatch();
                }
                assertThat(statement.executeBatch()).hasSize(3000);
                assertThat(Jdbc.value(c, "select count(*) || ' ' || sum(id) from " + SCHEMA + ".items")).isEqualTo("3000 4498500");
                for (int id : new int[] {5000, 1, 5001}) {
                    statement.setInt(1, id);
                    statement.setString(2, "x");
                    statement.addBatch();
                }
                assertThatThrownBy(statement::executeBatch).isInstanceOf(java.sql.BatchUpdateException.class).hasMessageContaining("items_pkey");
            }
            try (var statement = c.prepareStatement("insert into " + SCHEMA + ".items (id) values (?)", new String[] {"id"})) {
                for (int i = 10_000; i < 10_100; i++) {
                    statement.setInt(1, i);
                    statement.addBatch();
                }
                statement.executeBatch();
                try (var keys = statement.getGeneratedKeys()) {
                    keys.next();
                    assertThat(keys.getInt(1)).isEqualTo(10_000);
                }
            }
            try (var statement = c.createStatement()) {
                statement.addBatch("update " + SCHEMA + ".items set name = 'changed' where id < 10");
                statement.addBatch("delete from " + SCHEMA + ".items where id < 5");
                assertThat(statement.executeBatch()).containsExactly(10, 5);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"never", "conservative", "always"})
    void automatic_savepoints_keep_a_transaction_alive(String autosave) throws SQLException {
        try (Connection c = Jdbc.connect(server, "autosave", autosave, "prepareThreshold", "1")) {
            String insert = "insert into " + SCHEMA + ".items (id) values (?) returning id";
            Jdbc.value(c, insert, 1);
            c.setAutoCommit(false);
            for (int i = 0; i < 10; i++) {
                Jdbc.value(c, insert, 100 + i);
                assertThatThrownBy(() -> Jdbc.value(c, insert, 1)).hasMessageContaining("items_pkey");
                if (!autosave.equals("always")) c.rollback();
            }
            c.commit();
            assertThat(Jdbc.value(c, "select count(*) from " + SCHEMA + ".items where id >= 100")).isEqualTo(autosave.equals("always") ? "10" : "0");
            c.rollback();
        }
    }

    @Test
    void several_statements_in_one_call_each_answer() throws SQLException {
        try (Connection c = Jdbc.connect(server); var statement = c.createStatement()) {
            assertThat(statement.execute("insert into " + SCHEMA + ".items (id) values (1); select 'two'; delete from " + SCHEMA + ".items")).isFalse();
            assertThat(statement.getUpdateCount()).isEqualTo(1);
            assertThat(statement.getMoreResults()).isTrue();
            try (var rows = statement.getResultSet()) {
                rows.next();
                assertThat(rows.getString(1)).isEqualTo("two");
            }
            assertThat(statement.getMoreResults()).isFalse();
            assertThat(statement.getUpdateCount()).isEqualTo(1);
        }
    }

    @Test
    void a_bytea_of_64_mebibytes_goes_in_and_comes_out() throws SQLException {
        byte[] big = new byte[64 << 20];
        for (int i = 0; i < big.length; i += 4096) big[i] = (byte) (i >> 12);
        try (Connection c = Jdbc.connect(server, "prepareThreshold", "-1")) {   // binary: half the bytes
            try (var statement = c.prepareStatement("insert into " + SCHEMA + ".items (id, body) values (1, ?)")) {
                statement.setBytes(1, big);
                assertThat(statement.executeUpdate()).isEqualTo(1);
            }
            try (var statement = c.prepareStatement("select body from " + SCHEMA + ".items where id = 1"); var rows = statement.executeQuery()) {
                rows.next();
                assertThat(Arrays.equals(rows.getBytes(1), big)).isTrue();
            }
            assertThat(Jdbc.value(c, "select length(?)", "č".repeat(4 << 20))).isEqualTo(Integer.toString(4 << 20));
        }
    }

    @Test
    void metadata_calls_work() throws SQLException {
        try (Connection c = Jdbc.connect(server)) {
            try (var tables = c.getMetaData().getTables(null, SCHEMA, "%", new String[] {"TABLE"})) {
                tables.next();
                assertThat(tables.getString("TABLE_NAME")).isEqualTo("items");
            }
            try (var keys = c.getMetaData().getPrimaryKeys(null, SCHEMA, "items")) {
                keys.next();
                assertThat(keys.getString("COLUMN_NAME")).isEqualTo("id");
            }
            assertThat(c.isValid(5)).isTrue();
            try (var statement = c.prepareStatement("select ?::int, ?::text")) {
                assertThat(statement.getParameterMetaData().getParameterTypeName(1)).isEqualTo("int4");
                assertThat(statement.getMetaData().getColumnTypeName(2)).isEqualTo("text");
            }
        }
    }
}
