package org.pgkeel.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;

/// pgjdbc, also under HikariCP: transactions, cursors, COPY, cancel, settings, notifications, TLS. Statements are in [PgjdbcTest].
@Tag("drivers")
@ParameterizedClass
@EnumSource
class PgjdbcSessionTest {
    private static final String SCHEMA = "pgjdbc_sessions";
    private final ProxyUnderTest server;

    PgjdbcSessionTest(Way way) {
        server = way.open();
    }

    @BeforeEach
    void makeSchema() throws SQLException {
        try (Connection c = Jdbc.connect(server)) {
            Jdbc.execute(c, "drop schema if exists " + SCHEMA + " cascade", "create schema " + SCHEMA, "create table " + SCHEMA + ".items (id int primary key, name text)");
        }
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void savepoints_undo_what_failed_and_keep_the_rest() throws SQLException {
        try (Connection c = Jdbc.connect(server)) {
            c.setAutoCommit(false);
            Jdbc.execute(c, "insert into " + SCHEMA + ".items values (1, 'kept')");
            Savepoint savepoint = c.setSavepoint("before_the_error");
            assertThatThrownBy(() -> Jdbc.execute(c, "insert into " + SCHEMA + ".items values (1, 'twice')")).isInstanceOfSatisfying(PSQLException.class, e -> {
                assertThat(e.getSQLState()).isEqualTo("23505");
                assertThat(e.getServerErrorMessage()).isNotNull().satisfies(m -> assertThat(m.getConstraint()).isEqualTo("items_pkey"));
            });
            assertThatThrownBy(() -> Jdbc.execute(c, "select 1")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25P02"));
            c.rollback(savepoint);
            Jdbc.execute(c, "insert into " + SCHEMA + ".items values (2, 'kept')");
            c.releaseSavepoint(c.setSavepoint());
            c.commit();
            assertThat(Jdbc.column(c, "select id from " + SCHEMA + ".items order by id")).containsExactly("1", "2");
            c.rollback();
            c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            c.setReadOnly(true);
            assertThat(Jdbc.value(c, "show transaction_isolation")).isEqualTo("serializable");
            assertThatThrownBy(() -> Jdbc.execute(c, "delete from " + SCHEMA + ".items")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
            c.rollback();
        }
    }

    @Test
    void a_fetch_size_reads_a_portal_bit_by_bit_with_other_statements_in_between() throws SQLException {
        try (Connection c = Jdbc.connect(server)) {
            c.setAutoCommit(false);
            try (var statement = c.prepareStatement("select n from generate_series(1, ?) n")) {
                statement.setFetchSize(100);
                statement.setInt(1, 2050);
                try (var rows = statement.executeQuery()) {
                    int expected = 0;
                    while (rows.next()) {
                        assertThat(rows.getInt(1)).isEqualTo(++expected);
                        if (expected % 500 == 0) assertThat(Jdbc.value(c, "select ?::int", expected)).isEqualTo(Integer.toString(expected));
                    }
                    assertThat(expected).isEqualTo(2050);
                }
            }
            c.commit();
        }
    }

    @Test
    void copy_manager_copies_both_ways() throws SQLException, IOException {
        try (Connection c = Jdbc.connect(server)) {
            CopyManager copying = c.unwrap(PGConnection.class).getCopyAPI();
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < 30_000; i++) lines.append(i).append("\tname ").append(i).append('\n');
            byte[] sent = lines.toString().getBytes(StandardCharsets.UTF_8);
            assertThat(copying.copyIn("copy " + SCHEMA + ".items from stdin", new ByteArrayInputStream(sent))).isEqualTo(30_000);
            var received = new ByteArrayOutputStream();
            assertThat(copying.copyOut("copy (select * from " + SCHEMA + ".items order by id) to stdout", received)).isEqualTo(30_000);
            assertThat(received.toByteArray()).isEqualTo(sent);
            var binary = new ByteArrayOutputStream();
            copying.copyOut("copy " + SCHEMA + ".items to stdout (format binary)", binary);
            Jdbc.execute(c, "truncate " + SCHEMA + ".items");
            assertThat(copying.copyIn("copy " + SCHEMA + ".items from stdin (format binary)", new ByteArrayInputStream(binary.toByteArray()))).isEqualTo(30_000);
            assertThatThrownBy(() -> copying.copyIn("copy " + SCHEMA + ".items from stdin", new ByteArrayInputStream(sent))).hasMessageContaining("items_pkey");
            var given = copying.copyIn("copy " + SCHEMA + ".items from stdin");
            given.writeToCopy("50000\tx\n".getBytes(StandardCharsets.US_ASCII), 0, 8);
            given.cancelCopy();
            assertThat(Jdbc.value(c, "select count(*) from " + SCHEMA + ".items")).isEqualTo("30000");
        }
    }

    @Test
    void cancel_and_query_timeout_end_only_their_own_statement() throws Exception {
        try (Connection c = Jdbc.connect(server); Connection bystander = Jdbc.connect(server); var sleeping = c.createStatement()) {
            Thread untouched = Thread.ofVirtual().start(() -> {
                try {
                    Jdbc.execute(bystander, "select pg_sleep(2)");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
            untouched.setUncaughtExceptionHandler((_, e) -> uncaught.add(e));
            Thread canceller = Thread.ofVirtual().start(() -> {
                await().until(() -> SharedPostgres.get().query("select count(*) from pg_stat_activity where query like '%pg_sleep(31)%' and state = 'active' and pid <> pg_backend_pid()").equals("1"));
                try {
                    sleeping.cancel();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThatThrownBy(() -> sleeping.execute("select pg_sleep(31)")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
            canceller.join();
            sleeping.setQueryTimeout(1);
            assertThatThrownBy(() -> sleeping.execute("select pg_sleep(32)")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
            assertThat(Jdbc.value(c, "select 1")).isEqualTo("1");
            untouched.join();
            assertThat(uncaught).isEmpty();
        }
    }

    @Test
    void settings_stay_with_their_connection() throws SQLException {
        try (Connection a = Jdbc.connect(server, "ApplicationName", "jdbc a", "options", "-c app.start=given"); Connection b = Jdbc.connect(server); Connection holder = Jdbc.connect(server)) {
            Jdbc.execute(a, "set time zone 'Asia/Tokyo'", "set search_path to " + SCHEMA + ", public", "select set_config('app.client', 'a', false)");
            Jdbc.execute(b, "set time zone 'America/Lima'");
            b.setSchema("public");
            holder.setAutoCommit(false);
            for (int i = 0; i < 5; i++) {
                Jdbc.execute(holder, "select 1");
                assertThat(Jdbc.value(a, "show time zone")).isEqualTo("Asia/Tokyo");
                assertThat(Jdbc.value(b, "show time zone")).isEqualTo("America/Lima");
                assertThat(Jdbc.value(a, "select current_setting('app.client') || current_setting('app.start') from (select count(*) from items) c")).isEqualTo("agiven");
                assertThat(Jdbc.value(a, "show application_name")).isEqualTo("jdbc a");
                assertThat(b.getSchema()).isEqualTo("public");
                holder.commit();
            }
            assertThat(a.unwrap(PGConnection.class).getParameterStatus("TimeZone")).isEqualTo("Asia/Tokyo");
            a.setAutoCommit(false);
            Jdbc.execute(a, "set local time zone 'UTC'");
            a.setClientInfo("ApplicationName", "undone");
            assertThat(Jdbc.value(a, "show time zone")).isEqualTo("UTC");
            a.rollback();
            assertThat(Jdbc.value(a, "show time zone")).isEqualTo("Asia/Tokyo");
            assertThat(Jdbc.value(a, "show application_name")).isEqualTo("jdbc a");
            a.rollback();
        }
    }

    @Test
    void notifications_reach_the_one_that_listens() throws SQLException {
        try (Connection listener = Jdbc.connect(server); Connection other = Jdbc.connect(server)) {
            Jdbc.execute(listener, "listen jdbc_channel");
            Jdbc.execute(other, "notify jdbc_channel, 'payload'");
            var heard = listener.unwrap(PGConnection.class).getNotifications(60_000);
            assertThat(heard).hasSize(1);
            assertThat(heard[0].getParameter()).isEqualTo("payload");
            Jdbc.execute(listener, "unlisten *");
        }
    }

    @Test
    void tls_with_scram_binds_to_the_channel() throws SQLException {
        String ca = SharedPostgres.get().certificates().caCert().toString();
        for (String negotiation : tlsNegotiations()) {
            String[] tls = {"sslmode", "verify-full", "sslrootcert", ca, "channelBinding", "require", "sslNegotiation", negotiation};
            try (Connection c = Jdbc.connect(server, tls)) {
                assertThat(Jdbc.value(c, "select ?::int", 42)).isEqualTo("42");
                assertThat(Jdbc.value(c, "select repeat('t', 5000000)")).hasSize(5_000_000);
                try (var statement = c.createStatement()) {
                    statement.setQueryTimeout(1);
                    assertThatThrownBy(() -> statement.execute("select pg_sleep(30)")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
                }
            }
        }
        assertThatThrownBy(() -> Jdbc.connect(server, "sslmode", "verify-full", "sslrootcert", ca, "password", "wrong"))
                .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
    }

    /// PostgreSQL speaks TLS from the first byte since version 17.
    private static List<String> tlsNegotiations() {
        return Integer.parseInt(SharedPostgres.get().query("show server_version_num")) >= 170_000 ? List.of("postgres", "direct") : List.of("postgres");
    }

    @Test
    void hikari_shares_its_connections_among_many_threads() throws Exception {
        var config = new HikariConfig();
        config.setJdbcUrl(Jdbc.url(server));
        config.setUsername(PostgresFixture.APP_USER);
        config.setPassword(PostgresFixture.APP_PASSWORD);
        config.setMaximumPoolSize(20);
        config.setConnectionInitSql("set time zone 'Asia/Tokyo'");
        config.addDataSourceProperty("prepareThreshold", "2");
        config.addDataSourceProperty("ApplicationName", "hikari");
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        try (var pool = new HikariDataSource(config)) {
            List<Thread> threads = new ArrayList<>();
            for (int n = 0; n < 60; n++) {
                int number = n;
                threads.add(Thread.ofVirtual().start(() -> {
                    for (int i = 0; i < 20; i++) {
                        try (Connection c = pool.getConnection()) {
                            c.setAutoCommit(false);
                            String mark = number + "-" + i;
                            Jdbc.value(c, "select set_config('app.client', ?, true)", mark);
                            String got = Jdbc.value(c, "select current_setting('app.client') || ' ' || current_setting('TimeZone') || ' ' || current_setting('application_name') || ? ", number);
                            if (!(mark + " Asia/Tokyo hikari" + number).equals(got)) wrong.add(mark + " got " + got);
                            if (i % 3 == 0) c.commit();
                            else c.rollback();
                        } catch (SQLException e) {
                            wrong.add(e.toString());
                        }
                    }
                }));
            }
            for (Thread thread : threads) thread.join();
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void a_connection_of_hikari_that_lost_its_transaction_comes_back_clean() throws SQLException {
        var config = new HikariConfig();
        config.setJdbcUrl(Jdbc.url(server));
        config.setUsername(PostgresFixture.APP_USER);
        config.setPassword(PostgresFixture.APP_PASSWORD);
        config.setMaximumPoolSize(1);
        try (var pool = new HikariDataSource(config)) {
            try (Connection c = pool.getConnection()) {
                c.setAutoCommit(false);
                c.setReadOnly(true);
                assertThatThrownBy(() -> Jdbc.execute(c, "select 1/0")).hasMessageContaining("division by zero");
            }
            try (Connection c = pool.getConnection()) {
                Jdbc.execute(c, "insert into " + SCHEMA + ".items values (1, 'written')");
                assertThat(Jdbc.value(c, "select name from " + SCHEMA + ".items")).isEqualTo("written");
            }
        }
    }
}
