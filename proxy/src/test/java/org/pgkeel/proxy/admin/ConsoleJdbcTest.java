package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.postgresql.util.PSQLException;

/// The console as an ordinary driver sees it, in each of the driver's query modes.
class ConsoleJdbcTest {
    private static final String SIMPLE = "simple";
    private static final String EXTENDED = "extended";

    private final FakeOperations operations = new FakeOperations();
    private final ConsoleServer server = new ConsoleServer(operations);

    @AfterEach void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {SIMPLE, EXTENDED, "extendedForPrepared", "extendedCacheEverything"})
    void pools_are_shown_in_every_query_mode(String mode) throws SQLException {
        try (var connection = connect("ops", mode)) {
            assertThat(rows(connection, "SHOW POOLS")).containsExactly(List.of("app", "alice", "11", "12", "13", "14", "21", "22", "23",
                    "24", "25", "26", "27", "3", "4", "transaction", "null", "primary"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SIMPLE, EXTENDED})
    void every_show_command_answers_a_stats_user(String mode) throws SQLException {
        try (var connection = connect("monitor", mode)) {
            for (String what : List.of("pools", "Clients", "SERVERS", "databases", "stats", "stats_totals", "stats_averages", "totals",
                    "lists", "config", "version", "users", "state", "mem", "sockets", "active_sockets", "dns_hosts", "dns_zones", "peers",
                    "peer_pools", "pins")) {
                assertThat(rows(connection, "SHOW " + what + ";")).as(what).isNotNull();
            }
        }
    }

    @Test void a_statement_prepared_for_the_sixth_time_is_read_in_binary() throws SQLException {
        try (var connection = connect("ops", EXTENDED); var lists = connection.prepareStatement("SHOW LISTS");
             var totals = connection.prepareStatement("SHOW TOTALS"); var dns = connection.prepareStatement("SHOW DNS_HOSTS")) {
            for (int i = 0; i < 12; i++) {
                try (var rows = lists.executeQuery()) {
                    rows.next();
                    rows.next();
                    assertThat(rows.getInt("items")).isEqualTo(2);
                }
                try (var rows = totals.executeQuery()) {
                    while (rows.next() && !rows.getString("name").equals("total_sent")) { }
                    assertThat(rows.getBigDecimal("value")).isEqualByComparingTo("2000");
                }
                try (var rows = dns.executeQuery()) {
                    rows.next();
                    assertThat(rows.getLong("ttl")).isEqualTo(15);
                }
            }
        }
    }

    @Test void a_fetch_size_suspends_the_portal_and_nothing_is_lost() throws SQLException {
        operations.clients = 1_000;
        try (var connection = connect("ops", EXTENDED)) {
            connection.setAutoCommit(false);
            try (var statement = connection.prepareStatement("SHOW CLIENTS")) {
                statement.setFetchSize(7);
                var ids = new ArrayList<Integer>();
                try (var rows = statement.executeQuery()) {
                    while (rows.next()) ids.add(rows.getInt("id"));
                }
                assertThat(ids).hasSize(1_000).isSorted().doesNotHaveDuplicates();
            }
            connection.commit();
        }
    }

    @Test void ten_thousand_clients_are_shown() throws SQLException {
        operations.clients = 10_000;
        try (var connection = connect("ops", SIMPLE)) {
            assertThat(rows(connection, "SHOW CLIENTS")).hasSize(10_000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SIMPLE, EXTENDED})
    void commands_reach_the_proxy_with_their_argument(String mode) throws SQLException {
        try (var connection = connect("ops", mode); var statement = connection.createStatement()) {
            for (String command : List.of("PAUSE", "pause app", "RESUME \"My-DB\"", "RESUME", "DISABLE app", "ENABLE app", "RECONNECT", "KILL app",
                    "KILL_CLIENT 42", "FOLLOW main '10.0.0.3:5432'", "follow \"Main\" n2", "RELOAD", "WAIT_CLOSE app", "SHUTDOWN WAIT_FOR_SERVERS", "shutdown wait_for_clients", "SHUTDOWN")) {
                statement.execute(command);
            }
        }
        assertThat(operations.done).containsExactly("pause all", "pause app", "resume My-DB", "resume all", "disable app", "enable app",
                "reconnect all", "kill app", "kill client 42", "follow main 10.0.0.3:5432", "follow Main n2", "reload", "wait_close app", "shutdown WAIT_FOR_SERVERS",
                "shutdown WAIT_FOR_CLIENTS", "shutdown IMMEDIATE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PAUSE", "RELOAD", "KILL_CLIENT 1", "SHUTDOWN", "DISABLE app", "FOLLOW main n1"})
    void a_stats_user_may_only_show(String command) throws SQLException {
        try (var connection = connect("monitor", EXTENDED); var statement = connection.createStatement()) {
            assertSqlState(() -> statement.execute(command), "42501");
            assertThat(rows(connection, "SHOW VERSION")).hasSize(1);
        }
        assertThat(operations.done).isEmpty();
    }

    @Test void a_failed_command_says_why_and_the_session_goes_on() throws SQLException {
        operations.outcome = CompletableFuture.completedFuture(
                new Outcome.Failed(SqlState.INVALID_PARAMETER_VALUE, "listen.port: 99999 is not a port\npool.max: 0 is below 1"));
        try (var connection = connect("ops", SIMPLE); var statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute("RELOAD")).hasMessageContaining("99999").hasMessageContaining("pool.max");
            assertThat(statement.execute("SHOW STATE")).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SIMPLE, EXTENDED})
    void what_is_not_understood_names_the_help(String mode) throws SQLException {
        try (var connection = connect("ops", mode); var statement = connection.createStatement()) {
            for (String nonsense : List.of("FOO", "SHOW nonsense", "SELECT * FROM pg_class", "PAUSE a b", "RELOAD x", "SHOW")) {
                assertThatThrownBy(() -> statement.execute(nonsense)).as(nonsense).isInstanceOfSatisfying(PSQLException.class, error -> {
                    assertThat(error.getSQLState()).isEqualTo("42601");
                    assertThat(error.getServerErrorMessage().getHint()).contains("SHOW HELP");
                });
            }
        }
    }

    @Test void settings_of_the_proxy_are_not_set_here() throws SQLException {
        try (var connection = connect("ops", SIMPLE); var statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute("SET max_client_conn = 1000")).isInstanceOfSatisfying(PSQLException.class, error -> {
                assertThat(error.getSQLState()).isEqualTo("0A000");
                assertThat(error.getServerErrorMessage().getHint()).contains("RELOAD");
            });
            assertSqlState(() -> statement.execute("SHOW FDS"), "0A000");
            assertSqlState(() -> statement.execute("SUSPEND"), "0A000");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {SIMPLE, EXTENDED})
    void drivers_may_probe_set_and_begin(String mode) throws SQLException {
        try (var connection = connect("ops", mode); var statement = connection.createStatement()) {
            for (String said : List.of("SET application_name = 'x'", "SET extra_float_digits = 3", "SET DateStyle TO ISO",
                    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "DISCARD ALL", "DEALLOCATE ALL", "RESET ALL")) {
                statement.execute(said);
            }
            assertThat(rows(connection, "SELECT 1")).containsExactly(List.of("1"));
            assertThat(rows(connection, "select current_user")).containsExactly(List.of("ops"));
            assertThat(rows(connection, "SELECT version()").getFirst().getFirst()).contains("pgkeel");
            assertThat(rows(connection, "SHOW server_version")).containsExactly(List.of("1.25.0/pgkeel"));
            assertThat(rows(connection, "SHOW TRANSACTION ISOLATION LEVEL")).containsExactly(List.of("read committed"));
            assertThat(connection.isValid(5)).isTrue();
            connection.setAutoCommit(false);
            assertThat(rows(connection, "SHOW VERSION")).hasSize(1);
            assertSqlState(() -> statement.execute("nonsense"), "42601");
            assertSqlState(() -> statement.execute("SHOW VERSION"), "25P02");
            connection.rollback();
            assertThat(rows(connection, "SHOW VERSION").getFirst().getFirst()).startsWith("PgBouncer 1.25.0").contains("PgKeel 0.1.0");
        }
    }

    @Test void several_statements_answer_in_order() throws SQLException {
        try (var connection = connect("ops", SIMPLE); var statement = connection.createStatement()) {
            assertThat(statement.execute("SHOW STATE; RELOAD ; -- done\nSHOW LISTS;")).isTrue();
            assertThat(statement.getMoreResults()).isFalse();
            assertThat(statement.getMoreResults()).isTrue();
        }
        assertThat(operations.done).containsExactly("reload");
    }

    @Test void help_is_a_notice() throws SQLException {
        try (var connection = connect("ops", SIMPLE); var statement = connection.createStatement()) {
            statement.execute("SHOW HELP");
            assertThat(statement.getWarnings().getMessage()).isEqualTo("Console usage");
        }
    }

    private Connection connect(String user, String mode) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + server.port() + "/pgkeel?sslmode=disable&preferQueryMode=" + mode
                + "&user=" + user + "&ApplicationName=test");
    }

    private static List<List<String>> rows(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            var all = new ArrayList<List<String>>();
            while (rows.next()) {
                var row = new ArrayList<String>();
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) row.add(String.valueOf(rows.getString(i)));
                all.add(row);
            }
            return all;
        }
    }

    private interface Statement {
        void run() throws SQLException;
    }

    private static void assertSqlState(Statement statement, String sqlState) {
        assertThatThrownBy(statement::run).isInstanceOfSatisfying(SQLException.class,
                error -> assertThat(error.getSQLState()).isEqualTo(sqlState));
    }
}
