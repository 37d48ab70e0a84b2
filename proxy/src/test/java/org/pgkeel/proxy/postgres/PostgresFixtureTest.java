package org.pgkeel.proxy.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.postgresql.Driver;

class PostgresFixtureTest {
    @Test
    void users_log_in_by_scram_and_by_md5() throws SQLException {
        PostgresFixture postgres = SharedPostgres.get();
        try (Connection app = postgres.connect(); Connection md5 = postgres.connect(PostgresFixture.DATABASE, PostgresFixture.MD5_USER, PostgresFixture.MD5_PASSWORD)) {
            assertThat(app.isValid(5)).isTrue();
            assertThat(md5.isValid(5)).isTrue();
        }
        assertThat(postgres.query("select string_agg(left(rolpassword, 3), ',' order by rolname) from pg_authid where rolname in ('app', 'md5user')"))
                .isEqualTo("SCR,md5");
    }

    @Test
    void a_certificate_logs_its_user_in_over_tls() throws SQLException {
        PostgresFixture postgres = SharedPostgres.get();
        TestCertificates.Pair pair = postgres.certificates().certUser();
        var properties = new Properties();
        properties.setProperty("user", PostgresFixture.CERT_USER);
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", postgres.certificates().caCert().toString());
        properties.setProperty("sslcert", pair.cert().toString());
        properties.setProperty("sslkey", pair.key().toString());
        try (Connection connection = new Driver().connect("jdbc:postgresql://localhost:" + postgres.port() + "/app", properties);
                var rows = connection.createStatement().executeQuery("select ssl from pg_stat_ssl where pid = pg_backend_pid()")) {
            rows.next();
            assertThat(rows.getBoolean(1)).isTrue();
        }
    }

    @Test
    void a_standby_follows_and_a_killed_primary_comes_back() {
        try (PostgresFixture primary = PostgresFixture.start(FixtureOptions.DEFAULT.with("max_connections", "50"))) {
            PostgresFixture standby = primary.standby();
            assertThat(primary.query("show max_connections")).isEqualTo("50");
            primary.execute("create table t as select generate_series(1, 1000) i");
            await().until(() -> standby.query("select count(*) from pg_class where relname = 't'").equals("1"));
            primary.kill();
            assertThatThrownBy(primary::connect).isInstanceOf(SQLException.class);
            primary.startAgain();
            primary.execute("insert into t values (1001)");
            await().until(() -> standby.query("select count(*) from t").equals("1001"));
        }
    }

    @Test
    void a_frozen_server_goes_on_after_a_thaw() throws SQLException {
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT); Connection connection = postgres.connect()) {
            postgres.freeze();
            assertThat(connection.isValid(1)).isFalse();
            postgres.thaw();
            try (Connection again = postgres.connect()) {
                assertThat(again.isValid(5)).isTrue();
            }
        }
    }
}
