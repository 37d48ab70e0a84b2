package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.postgres.TestCertificates;

/// Users whom only PostgreSQL knows.
final class AuthQueryTest {
    private final PostgresFixture postgres = SharedPostgres.get();
    private RunningProxy proxy;

    @BeforeEach
    void start() {
        postgres.execute("drop role if exists queried_scram", "drop role if exists queried_md5", "create user queried_scram password 'opened'",
                "set password_encryption = 'md5'", "create user queried_md5 password 'opened'");
        proxy = RunningProxy.start(postgres, config("postgres", ""));
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private String config(String user, String tls) {
        return """
                listen { address = "127.0.0.1", port = 0 }
                admin { address = "127.0.0.1", port = 0, users = [%s] }
                clusters { main { nodes = ["%s:%d"], %s } }
                databases { "*" { cluster = main, pool { max = 5 } } }
                auth { method = scram-sha-256, users-file = "users.txt", auth-query { user = %s, cache-for = 0s } }
                """.formatted(RunningProxy.OPERATOR, postgres.host(), postgres.port(), tls, user);
    }

    private void assertRefused(String user, String password) {
        assertThatThrownBy(() -> proxy.connect("app", user, password)).asInstanceOf(InstanceOfAssertFactories.type(SQLException.class))
                .extracting(SQLException::getSQLState).isEqualTo("28P01");
    }

    @Test
    void a_user_logs_in_by_the_verifier_in_postgresql_and_the_proxy_passes_the_proof_on() throws SQLException {
        assertThat(RunningProxy.value(proxy.connect("app", "queried_scram", "opened"), "select current_user")).isEqualTo("queried_scram");
        assertThat(RunningProxy.value(proxy.connect("app", "queried_scram", "opened"), "select current_user")).isEqualTo("queried_scram");
    }

    @Test
    void a_wrong_password_and_an_unknown_user_are_refused_alike() {
        assertRefused("queried_scram", "wrong");
        assertRefused("queried_nobody", "wrong");
    }

    @Test
    void a_changed_password_counts_from_the_next_login_on() throws SQLException {
        proxy.connect("app", "queried_scram", "opened");
        postgres.execute("alter user queried_scram password 'changed'");

        assertRefused("queried_scram", "opened");
        assertThat(RunningProxy.value(proxy.connect("app", "queried_scram", "changed"), "select 1")).isEqualTo("1");
    }

    @Test
    void one_connection_is_kept_for_the_queries_of_a_database() throws SQLException {
        for (int i = 0; i < 5; i++) proxy.connect("app", "queried_scram", "opened");
        assertThat(postgres.query("select count(*) from pg_stat_activity where application_name = 'pgkeel auth-query' and datname = 'app'")).isEqualTo("1");
    }

    @Test
    void a_kept_connection_that_the_server_closed_is_replaced() throws SQLException {
        proxy.connect("app", "queried_scram", "opened");
        postgres.query("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'pgkeel auth-query'");

        assertThat(RunningProxy.value(proxy.connect("app", "queried_scram", "opened"), "select 1")).isEqualTo("1");
    }

    @Test
    void a_login_that_began_before_a_reload_is_looked_up_all_the_same() throws IOException {
        try (var client = new Socket(InetAddress.getLoopbackAddress(), proxy.server().port())) {
            client.setSoTimeout(60_000);
            await().until(() -> proxy.server().pendingLogins().count() == 1);
            assertThat(proxy.server().reload()).isEmpty();
            ByteBuf startup = Unpooled.buffer();
            StartupMessage.of(new LinkedHashMap<>(Map.of("user", "queried_scram", "database", "app"))).encode(startup);
            client.getOutputStream().write(startup.array(), 0, startup.readableBytes());
            assertThat((char) client.getInputStream().read()).isEqualTo('R');
        }
    }

    @Test
    void the_query_goes_over_tls_as_the_cluster_says() throws SQLException {
        proxy.close();
        proxy = RunningProxy.start(postgres, config("postgres", "tls { mode = verify-ca, ca = \"" + postgres.certificates().caCert() + "\" }"));
        proxy.connect("app", "queried_scram", "opened");

        assertThat(postgres.query("select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'pgkeel auth-query'")).isEqualTo("t");
    }

    @Test
    void the_servers_certificate_is_verified_where_tls_is_required_and_a_ca_is_named(@TempDir Path folder) {
        proxy.close();
        TestCertificates others = TestCertificates.create(folder);
        proxy = RunningProxy.start(postgres, config("postgres", "tls { mode = require, ca = \"" + others.caCert() + "\" }"));

        assertThatThrownBy(() -> proxy.connect("app", "queried_scram", "wrong")).as("nobody can be asked").hasFieldOrPropertyWithValue("SQLState", "57P03");
    }

    /// Whoever names a database has proved nothing yet.
    @Test
    void names_of_many_databases_open_few_connections_at_once() throws IOException {
        proxy.close();
        int logins = 30;
        try (var silent = new SilentServer()) {
            proxy = RunningProxy.start(postgres, config("postgres", "").replace("[\"" + postgres.host() + ":" + postgres.port() + "\"]", "[\"127.0.0.1:" + silent.port() + "\"]")
                    + "timeouts.server-connect = 1s\ntimeouts.login = 2m\n");
            var clients = new ArrayList<Socket>();
            for (int i = 0; i < logins; i++) {
                var client = new Socket(InetAddress.getLoopbackAddress(), proxy.server().port());
                client.setSoTimeout(120_000);
                clients.add(client);
                ByteBuf startup = Unpooled.buffer();
                StartupMessage.of(new LinkedHashMap<>(Map.of("user", "queried_scram", "database", "no_such_" + i))).encode(startup);
                client.getOutputStream().write(startup.array(), 0, startup.readableBytes());
            }
            for (Socket client : clients) {
                assertThat((char) client.getInputStream().read()).isEqualTo('E');
                client.close();
            }
            // One more than the limit each time a driver gives up a moment before its socket is closed.
            assertThat(silent.most()).isBetween(1, logins / 2);
        }
    }

    /// Takes connections, and says nothing.
    private static final class SilentServer implements AutoCloseable {
        private final ServerSocket socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        private final AtomicInteger open = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();

        SilentServer() throws IOException {
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        Socket accepted = socket.accept();
                        most.accumulateAndGet(open.incrementAndGet(), Math::max);
                        Thread.ofVirtual().start(() -> drain(accepted));
                    }
                } catch (IOException closed) {
                    // The test is over.
                }
            });
        }

        private void drain(Socket accepted) {
            try (accepted) {
                accepted.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException gone) {
                // As good as its end.
            } finally {
                open.decrementAndGet();
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        int most() {
            return most.get();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void a_query_user_without_a_plain_password_stops_the_start_and_a_reload() {
        assertThatThrownBy(() -> RunningProxy.start(postgres, config("unknown_to_the_file", ""))).hasMessageContaining("auth.auth-query.user")
                .hasMessageContaining("unknown_to_the_file");
        proxy.writeUsers(Map.of(PostgresFixture.SUPERUSER, "md5" + "0".repeat(32)));
        assertThat(proxy.server().reload()).singleElement().asString().contains("auth.auth-query.user").doesNotContain("000");
    }

    /// Whoever owns a database may set its `search_path`, and the query runs there as who may read the passwords of all.
    @Test
    void the_default_query_calls_nothing_of_the_database_it_runs_in() throws SQLException {
        postgres.execute("drop database if exists mallorys", "drop role if exists mallory", "create role mallory", "create database mallorys owner mallory");
        try {
            try (Connection owner = postgres.connectAsSuperuser("mallorys"); Statement statement = owner.createStatement()) {
                for (String sql : List.of("set role mallory", "create schema trap", "create table trap.caught (who text)", "grant all on schema trap to public", "grant all on trap.caught to public",
                        "create function trap.now() returns timestamptz language plpgsql as $$begin insert into trap.caught values (current_user); return 'now'; end$$",
                        "create function trap.equal(name, varchar) returns bool language plpgsql as $$begin insert into trap.caught values (current_user); return $1::text operator(pg_catalog.=) $2::text; end$$",
                        "create operator trap.= (leftarg = name, rightarg = varchar, function = trap.equal)",
                        "create function trap.less(timestamptz, timestamptz) returns bool language plpgsql as $$begin insert into trap.caught values (current_user); return false; end$$",
                        "create operator trap.< (leftarg = timestamptz, rightarg = timestamptz, function = trap.less)",
                        "alter database mallorys set search_path = trap, pg_catalog")) statement.execute(sql);
            }
            proxy.connect("mallorys", "queried_scram", "opened").close();
            try (Connection owner = postgres.connectAsSuperuser("mallorys")) {
                assertThat(RunningProxy.value(owner, "select count(*) from trap.caught")).isEqualTo("0");
            }
        } finally {
            proxy.close();
            postgres.execute("drop database mallorys with (force)", "drop role mallory");
        }
    }

    @Test
    void placeholders_become_those_of_jdbc() {
        assertThat(Placeholders.of("select $1, a ? b, '$1 ?' from t where x = $1 and y = $10"))
                .isEqualTo(new Placeholders("select ?, a ?? b, '$1 ?' from t where x = ? and y = $10", 2));
    }
}
