package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/// The shapes of pools: modes, limits, ages, names.
class PoolModeEndToEndTest {
    private static final String PID = "select pg_backend_pid()";

    private final PostgresFixture postgres = SharedPostgres.get();

    private static String pool(String shape) {
        return "databases.\"*\".pool { " + shape + " }\n";
    }

    // --- modes

    @Test
    void in_session_mode_all_session_state_survives_and_the_next_client_finds_none_of_it() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, pool("mode = session, max = 1"))) {
            String pid;
            try (Connection client = proxy.connect()) {
                pid = TestProxy.value(client, PID);
                TestProxy.execute(client, "set work_mem = '11MB'", "create temp table mine (x int)", "listen ear", "select pg_advisory_lock(4711)", "prepare p as select 7", "select set_config('my.own', 'mark', false)");
                TestProxy.execute(client, "notify ear");
                assertThat(client.unwrap(PGConnection.class).getNotifications(60_000)).hasSize(1);
                assertThat(TestProxy.value(client, "show work_mem")).isEqualTo("11MB");
                assertThat(TestProxy.value(client, "select count(*) from mine")).isEqualTo("0");
                assertThat(TestProxy.value(client, "execute p")).isEqualTo("7");
                assertThat(TestProxy.value(client, PID)).isEqualTo(pid);
            }
            try (Connection next = proxy.connect()) {
                assertThat(TestProxy.value(next, PID)).isEqualTo(pid);
                assertThat(TestProxy.value(next, "show work_mem")).isEqualTo("4MB");
                assertThat(TestProxy.value(next, "select to_regclass('mine')")).isNull();
                assertThat(TestProxy.value(next, "select count(*) from pg_listening_channels()")).isEqualTo("0");
                assertThat(TestProxy.value(next, "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")).isEqualTo("0");
                assertThat(TestProxy.value(next, "select count(*) from pg_prepared_statements where not name like 'S_%'")).isEqualTo("0");
                assertThat(TestProxy.value(next, "select coalesce(current_setting('my.own', true), '')")).isEmpty();
            }
        }
    }

    @Test
    void in_session_mode_a_client_that_dies_in_a_transaction_is_rolled_back() throws SQLException {
        postgres.execute("create table if not exists session_rollback (x int)");
        try (TestProxy proxy = TestProxy.start(postgres, pool("mode = session, max = 1"))) {
            try (Connection client = proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, "app")) {
                client.setAutoCommit(false);
                TestProxy.execute(client, "insert into session_rollback values (1)");
                client.abort(Runnable::run);
            }
            try (Connection next = proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, "app")) {
                assertThat(TestProxy.value(next, "select count(*) from session_rollback")).isEqualTo("0");
            }
        }
        postgres.execute("drop table session_rollback");
    }

    @Test
    void in_statement_mode_transactions_are_refused_and_the_rest_goes_on() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, pool("mode = statement, max = 1")); Connection client = proxy.connect("preferQueryMode", "simple")) {
            refused(() -> TestProxy.execute(client, "begin"), "0A000");
            refused(() -> TestProxy.execute(client, "start transaction read only"), "0A000");
            refused(() -> TestProxy.execute(client, "select 1; begin; select 2"), "0A000");
            TestProxy.execute(client, "select 41; select 42");
            assertThat(TestProxy.value(client, "select 43")).isEqualTo("43");
        }
        try (TestProxy proxy = TestProxy.start(postgres, pool("mode = statement, max = 1")); Connection client = proxy.connect("preferQueryMode", "extended")) {
            client.setAutoCommit(false);
            refused(() -> TestProxy.execute(client, "select 1"), "0A000");
            client.setAutoCommit(true);
            try (var prepared = client.prepareStatement("select ?::int + 1")) {
                for (int i = 0; i < 10; i++) {
                    prepared.setInt(1, i);
                    try (var row = prepared.executeQuery()) {
                        row.next();
                        assertThat(row.getInt(1)).isEqualTo(i + 1);
                    }
                }
            }
        }
    }

    @Test
    void a_users_own_mode_and_size_go_before_the_databases() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, pool("mode = transaction, max = 5, max-wait = 4s") + "users { app { pool-mode = session, pool-max = 1 } }");
                Connection first = proxy.connect();
                Connection other = proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, "app");
                Connection another = proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, "app")) {
            assertThat(TestProxy.value(first, "select 1")).isEqualTo("1");
            refused(proxy::connect, "57P03");
            assertThat(TestProxy.value(other, "select 3")).isEqualTo("3");
            assertThat(TestProxy.value(another, "select 4")).isEqualTo("4");
        }
    }

    // --- names

    @Test
    void databases_and_users_can_be_named_otherwise_at_the_server(@TempDir Path folder) throws Exception {
        Path password = Files.writeString(folder.resolve("app.secret"), PostgresFixture.APP_PASSWORD + "\n");
        String mapped = "databases.reports { cluster = main, name = app, user = app, password-file = \"%s\" }\n".formatted(password);
        try (TestProxy proxy = TestProxy.start(postgres, TestProxy.users("clerk", "only here"), mapped); Connection client = proxy.connectAs("clerk", "only here", "reports")) {
            assertThat(TestProxy.value(client, "select current_database() || ' ' || current_user")).isEqualTo("app app");
        }
    }

    @Test
    void the_wildcard_serves_any_database() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, "");
                Connection one = proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, "postgres");
                Connection two = proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, "template1")) {
            assertThat(List.of(TestProxy.value(one, "select current_database()"), TestProxy.value(two, "select current_database()"))).containsExactly("postgres", "template1");
        }
    }

    // --- limits

    @Test
    void each_limit_of_clients_is_told_with_its_key() throws SQLException {
        for (String key : List.of("limits.clients", "databases.app.max-clients", "users.app.max-clients")) {
            String database = "databases.app { cluster = main }\n";
            try (TestProxy proxy = TestProxy.start(postgres, database + key + " = 2\n"); Connection one = proxy.connect()) {
                try (Connection two = proxy.connect()) {
                    assertThatThrownBy(proxy::connect).isInstanceOfSatisfying(PSQLException.class, refused -> {
                        assertThat(refused.getSQLState()).isEqualTo("53300");
                        assertThat(refused.getServerErrorMessage().getHint()).contains(key);
                        assertThat(refused.getMessage()).contains("2");
                    });
                    assertThat(TestProxy.value(two, "select 1")).isEqualTo("1");
                }
                await().ignoreExceptions().untilAsserted(() -> proxy.connect().close());
            }
        }
    }

    @Test
    void each_limit_of_backends_makes_clients_wait() throws SQLException {
        for (String limit : List.of(pool("max = 2"), "databases.app { cluster = main, max-backends = 2 }\n", "users.app.max-backends = 2\n")) {
            String wait = "databases.app { cluster = main, pool.max-wait = 3s }\ndatabases.\"*\".pool.max-wait = 3s\n";
            String conf = limit.startsWith("databases.\"*\"") ? limit + "databases.\"*\".pool.max-wait = 3s" : wait + limit;
            try (TestProxy proxy = TestProxy.start(postgres, conf); Connection one = proxy.connect(); Connection two = proxy.connect(); Connection three = proxy.connect()) {
                one.setAutoCommit(false);
                two.setAutoCommit(false);
                TestProxy.execute(one, "select 1");
                TestProxy.execute(two, "select 2");
                refused(() -> TestProxy.execute(three, "select 3"), "57P03");
                two.rollback();
                assertThat(TestProxy.value(three, "select 4")).isEqualTo("4");
                one.rollback();
            }
        }
    }

    @Test
    void a_limit_shared_by_two_pools_is_handed_from_one_to_the_other() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, "users.postgres.max-backends = 1\n" + pool("max-wait = 60s"))) {
            for (int i = 0; i < 3; i++) {
                for (String database : List.of("app", "postgres")) {
                    try (Connection client = proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, database)) {
                        assertThat(TestProxy.value(client, "select current_database()")).isEqualTo(database);
                    }
                }
            }
        }
    }

    @Test
    void the_reserve_opens_when_clients_have_waited() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, pool("max = 1, reserve = 1, reserve-wait = 200ms, max-wait = 4s"));
                Connection one = proxy.connect(); Connection two = proxy.connect(); Connection three = proxy.connect()) {
            one.setAutoCommit(false);
            two.setAutoCommit(false);
            TestProxy.execute(one, "select 1");
            TestProxy.execute(two, "select 2");
            refused(() -> TestProxy.execute(three, "select 3"), "57P03");
            one.rollback();
            two.rollback();
            assertThat(TestProxy.value(three, "select 4")).isEqualTo("4");
        }
    }

    @Test
    void the_minimum_is_opened_and_kept() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, pool("min = 3, max = 5") + "timeouts.server-idle = 300ms"); Connection client = proxy.connect("ApplicationName", "minimum")) {
            await().until(() -> open(proxy) == 3);
            await().during(Duration.ofSeconds(1)).until(() -> open(proxy) == 3);
            assertThat(TestProxy.value(client, "select 1")).isEqualTo("1");
        }
    }

    private static int open(TestProxy proxy) {
        return proxy.server().pools().all().iterator().next().shared().open();
    }

    // --- ages

    @Test
    void backends_that_nobody_uses_are_closed() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, "timeouts.server-idle = 300ms"); Connection client = proxy.connect()) {
            String pid = TestProxy.value(client, PID);
            await().until(() -> open(proxy) == 0);
            await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid).equals("0"));
            assertThat(TestProxy.value(client, PID)).isNotEqualTo(pid);
        }
    }

    @Test
    void backends_grow_no_older_than_they_may_and_none_is_closed_under_a_client() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, "timeouts.server-lifetime = 300ms"); Connection client = proxy.connect()) {
            String pid = TestProxy.value(client, PID);
            client.setAutoCommit(false);
            String inTransaction = TestProxy.value(client, PID);
            await().during(Duration.ofMillis(700)).until(() -> inTransaction.equals(TestProxy.value(client, PID)));
            client.rollback();
            client.setAutoCommit(true);
            await().until(() -> !pid.equals(TestProxy.value(client, PID)));
        }
    }

    @Test
    void a_backend_is_checked_after_a_long_idleness_before_it_is_lent() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, pool("max = 1") + "timeouts.server-check-after = 1ms"); Connection client = proxy.connect()) {
            String pid = TestProxy.value(client, PID);
            for (int i = 0; i < 20; i++) {
                await().pollDelay(Duration.ofMillis(5)).until(() -> true);
                assertThat(TestProxy.value(client, PID)).isEqualTo(pid);
            }
        }
    }

    // --- sockets

    @Test
    void both_sides_may_be_unix_domain_sockets(@TempDir Path folder) throws SQLException {
        String sockets = postgres.query("select split_part(current_setting('unix_socket_directories'), ',', 1)");
        assertThat(sockets).isNotEmpty();
        for (String transport : List.of("epoll", "nio")) {
            String conf = "clusters.main.nodes = [\"%s:%d\"]\nlisten.unix-socket-directory = \"%s\"\nruntime.transport = %s\n".formatted(sockets, postgres.port(), folder, transport);
            try (TestProxy proxy = TestProxy.start(postgres, conf)) {
                assertThat(Psql.run(proxy.port(), "host=" + folder + " user=app dbname=app", Map.of("PGPASSWORD", PostgresFixture.APP_PASSWORD),
                        "select current_user || coalesce(inet_client_addr()::text, ' by socket')")).isEqualTo("app by socket");
            }
        }
    }

    private static void refused(ThrowingCallable call, String sqlState) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState()).as(refused.getMessage()).isEqualTo(sqlState));
    }
}
