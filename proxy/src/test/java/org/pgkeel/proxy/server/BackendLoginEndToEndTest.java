package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.embedded.ServerSettings;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// How the proxy gets into PostgreSQL on behalf of its clients, and what these hear when it does not.
class BackendLoginEndToEndTest {
    private static final String SHORT_WAIT = "databases.\"*\".pool.max-wait = 3s\n";

    private final PostgresFixture postgres = SharedPostgres.get();

    @Test
    void a_scram_verifier_is_enough_to_log_in_at_both_ends() throws SQLException {
        String verifier = postgres.query("select rolpassword from pg_authid where rolname = 'app'");
        try (TestProxy proxy = TestProxy.start(postgres, TestProxy.users("app", verifier), "databases.\"*\".pool.max = 1")) {
            for (int i = 0; i < 3; i++) {
                try (Connection client = proxy.connect()) {
                    assertThat(TestProxy.value(client, "select current_user")).isEqualTo("app");
                }
            }
            postgres.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'");
            try (Connection client = proxy.connect()) {
                assertThat(TestProxy.value(client, "select current_user")).as("logged in once more with what the first client proved").isEqualTo("app");
            }
            assertThatThrownBy(() -> proxy.connectAs("app", "wrong", "app")).isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState()).isEqualTo("28P01"));
        }
    }

    @Test
    void a_verifier_that_is_not_postgresqls_own_is_told_apart() {
        String other = "SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$" + scramKeysOf();
        try (TestProxy proxy = TestProxy.start(postgres, TestProxy.users("app", other), SHORT_WAIT)) {
            refused(proxy::connect, "28P01", "");
        }
    }

    private static String scramKeysOf() {
        String zeros = java.util.Base64.getEncoder().encodeToString(new byte[32]);
        return zeros + ":" + zeros;
    }

    @Test
    void an_md5_secret_is_enough_where_the_server_asks_for_md5() throws SQLException {
        String secret = postgres.query("select rolpassword from pg_authid where rolname = 'md5user'");
        try (TestProxy proxy = TestProxy.start(postgres, TestProxy.users("md5user", secret), "auth.method = md5");
                Connection client = proxy.connectAs("md5user", PostgresFixture.MD5_PASSWORD, "app")) {
            assertThat(TestProxy.value(client, "select current_user")).isEqualTo("md5user");
        }
    }

    @Test
    void plain_passwords_serve_servers_of_both_methods() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, "");
                Connection scram = proxy.connect();
                Connection md5 = proxy.connectAs("md5user", PostgresFixture.MD5_PASSWORD, "app")) {
            assertThat(List.of(TestProxy.value(scram, "select current_user"), TestProxy.value(md5, "select current_user"))).containsExactly("app", "md5user");
        }
    }

    @Test
    void a_wrong_password_towards_the_backend_is_named_at_once() {
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\" { user = app, password = wrong }")) {
            refused(proxy::connect, "08001", "password authentication failed");
        }
    }

    @Test
    void a_database_that_does_not_exist_is_named_at_once() {
        try (TestProxy proxy = TestProxy.start(postgres, "")) {
            refused(() -> proxy.connectAs("app", PostgresFixture.APP_PASSWORD, "nowhere"), "3D000", "nowhere");
        }
    }

    @Test
    void nobody_listening_is_told_when_the_wait_is_over() {
        try (TestProxy proxy = TestProxy.startAt("127.0.0.1:" + ServerSettings.freePort(), TestProxy.PLAIN_USERS, SHORT_WAIT)) {
            within(Duration.ofSeconds(60), () -> refused(proxy::connect, "57P03", "refused"));
        }
    }

    @Test
    void a_server_that_never_answers_is_told_when_the_wait_is_over() throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                TestProxy proxy = TestProxy.startAt("127.0.0.1:" + silent.getLocalPort(), TestProxy.PLAIN_USERS, SHORT_WAIT + "timeouts.server-connect = 300ms")) {
            within(Duration.ofSeconds(60), () -> refused(proxy::connect, "57P03", "300 ms"));
        }
    }

    @Test
    void what_a_refusing_server_says_reaches_the_client() throws IOException {
        for (String sqlState : List.of("53300", "57P03")) {
            try (var refusing = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                    TestProxy proxy = TestProxy.startAt("127.0.0.1:" + refusing.getLocalPort(), TestProxy.PLAIN_USERS, SHORT_WAIT + "clusters.main.tls.mode = disable")) {
                Thread.ofVirtual().start(() -> refuseAll(refusing, sqlState));
                within(Duration.ofSeconds(60), () -> refused(proxy::connect, "57P03", "no room today (SQLSTATE " + sqlState));
            }
        }
    }

    @Test
    void clients_outlast_a_server_without_a_free_slot() throws Exception {
        try (PostgresFixture small = PostgresFixture.start(FixtureOptions.DEFAULT.with("max_connections", "8").with("superuser_reserved_connections", "3").with("max_wal_senders", "0").with("wal_level", "minimal"));
                TestProxy proxy = TestProxy.start(small, SHORT_WAIT)) {
            try (Connection client = proxy.connect()) {
                assertThat(TestProxy.value(client, "select 1")).isEqualTo("1");
                small.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'");
                var others = new java.util.ArrayList<Connection>();
                await().until(() -> {
                    try {
                        others.add(small.connect());
                        return false;
                    } catch (SQLException full) {
                        return full.getSQLState().equals("53300");
                    }
                });
                refused(() -> TestProxy.value(client, "select 2"), "57P03", "53300");
                for (Connection other : others) other.close();
                await().ignoreExceptions().until(() -> "3".equals(TestProxy.value(client, "select 3")));
            }
        }
    }

    @Test
    void clients_stay_through_an_outage_and_go_on_when_the_server_is_back() throws Exception {
        try (PostgresFixture own = PostgresFixture.start(FixtureOptions.DEFAULT); TestProxy proxy = TestProxy.start(own, SHORT_WAIT); Connection client = proxy.connect()) {
            assertThat(TestProxy.value(client, "select 1")).isEqualTo("1");
            own.stop();
            within(Duration.ofSeconds(60), () -> refused(() -> TestProxy.value(client, "select 2"), "57P03", ""));
            own.startAgain();
            await().ignoreExceptions().until(() -> "3".equals(TestProxy.value(client, "select 3")));
        }
    }

    private static void refused(ThrowingCallable call, String sqlState, String text) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SQLException.class, refused -> {
            assertThat(refused.getSQLState()).as(refused.getMessage()).isEqualTo(sqlState);
            assertThat(refused.getMessage()).contains(text);
        });
    }

    private static void within(Duration limit, Runnable work) {
        long begun = System.nanoTime();
        work.run();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(limit);
    }

    private static void refuseAll(ServerSocket server, String sqlState) {
        while (!server.isClosed()) {
            try (Socket client = server.accept()) {
                client.getInputStream().read(new byte[1024]);
                byte[] fields = ("SFATAL\0VFATAL\0C" + sqlState + "\0Mno room today\0\0").getBytes(StandardCharsets.US_ASCII);
                client.getOutputStream().write(ByteBuffer.allocate(5 + fields.length).put((byte) 'E').putInt(4 + fields.length).put(fields).array());
            } catch (IOException closed) {
                // The next one, or the end of the test.
            }
        }
    }
}
