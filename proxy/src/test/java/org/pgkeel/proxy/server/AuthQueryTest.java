package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

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
    void a_query_user_without_a_plain_password_stops_the_start_and_a_reload() {
        assertThatThrownBy(() -> RunningProxy.start(postgres, config("unknown_to_the_file", ""))).hasMessageContaining("auth.auth-query.user")
                .hasMessageContaining("unknown_to_the_file");
        proxy.writeUsers(Map.of(PostgresFixture.SUPERUSER, "md5" + "0".repeat(32)));
        assertThat(proxy.server().reload()).singleElement().asString().contains("auth.auth-query.user").doesNotContain("000");
    }

    @Test
    void placeholders_become_those_of_jdbc() {
        assertThat(Placeholders.of("select $1, a ? b, '$1 ?' from t where x = $1 and y = $10"))
                .isEqualTo(new Placeholders("select ?, a ?? b, '$1 ?' from t where x = ? and y = $10", 2));
    }
}
