package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Each condition of a rule decides where a real session's statements run. What no rule fits goes to the primary, always; what one fits goes to the
/// replica as soon as that is seen.
class RouteConditionsEndToEndTest {
    private static final String WHERE = "select where_am_i()";
    private static ReplicatedPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = new ReplicatedPostgres(1);
        postgres.execute("create function where_am_i() returns text language sql stable as $$ select case when pg_is_in_recovery() then 'replica' else 'primary' end $$",
                "create function somewhere() returns text language sql stable as $$ select where_am_i() $$", "create table invoices (n int)", "create table orders (n int)");
        postgres.awaitReplayed(postgres.replica(0));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    /// @param condition of the one rule, beside that it is for reads
    private static TestProxy proxy(String condition) {
        return TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + """
                databases.alias { cluster = main, name = app }
                routing = [ { name = fits, when { statement = read, %s }, to = replica, consistency = eventual } ]
                """.formatted(condition));
    }

    private static void assertPrimary(Connection client, String sql) throws SQLException {
        for (int i = 0; i < 5; i++) assertThat(TestProxy.value(client, sql)).as(sql).isEqualTo("primary");
    }

    private static void awaitReplica(Connection client, String sql) {
        await(sql).pollInterval(Duration.ofMillis(20)).until(() -> "replica".equals(TestProxy.value(client, sql)));
    }

    @Test
    void the_name_of_the_application_counts_as_the_client_has_set_it_last() throws SQLException {
        try (TestProxy proxy = proxy("application-name = [reports, charts]"); Connection client = proxy.connect("ApplicationName", "reports", "assumeMinServerVersion", "18");
                Connection other = proxy.connect("ApplicationName", "shop")) {
            awaitReplica(client, WHERE);
            assertPrimary(other, WHERE);
            TestProxy.execute(client, "set application_name = 'shop'");
            TestProxy.execute(other, "set application_name = 'charts'");
            assertPrimary(client, WHERE);
            awaitReplica(other, WHERE);
            TestProxy.execute(client, "reset application_name");   // as in its startup message
            awaitReplica(client, WHERE);
        }
    }

    @Test
    void the_address_of_the_client_counts() throws SQLException {
        try (TestProxy proxy = proxy("client-address = [\"10.0.0.0/8\", \"127.0.0.2\"]"); Connection inside = proxy.connect("localSocketAddress", "127.0.0.2");
                Connection outside = proxy.connect("localSocketAddress", "127.0.0.3")) {
            awaitReplica(inside, WHERE);
            assertPrimary(outside, WHERE);
        }
    }

    @Test
    void the_time_of_the_day_counts() throws SQLException {
        try (TestProxy proxy = proxy("time = \"" + hours(-1, 6) + "\""); TestProxy later = proxy("time = \"" + hours(6, 12) + "\"");
                Connection now = proxy.connect(); Connection notYet = later.connect()) {
            awaitReplica(now, WHERE);
            assertPrimary(notYet, WHERE);
        }
    }

    /// Hours from now, as a part of the day that may go beyond midnight.
    private static String hours(int from, int to) {
        var clock = DateTimeFormatter.ofPattern("HH:mm");
        LocalTime now = LocalTime.now();
        return now.plusHours(from).format(clock) + "-" + now.plusHours(to).format(clock);
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_hint_counts_where_the_statement_begins_with_it(String mode) throws SQLException {
        try (TestProxy proxy = proxy("hint = [lazy, idle]"); Connection client = proxy.connect("preferQueryMode", mode, "prepareThreshold", "1")) {
            awaitReplica(client, "/* pgkeel: lazy */ " + WHERE);
            awaitReplica(client, "/* pgkeel: idle */ " + WHERE);
            assertPrimary(client, WHERE);
            assertPrimary(client, "/* pgkeel: eager */ " + WHERE);
            assertPrimary(client, "/* lazy */ " + WHERE);
            assertPrimary(client, "select /* pgkeel: lazy */ where_am_i()");
        }
    }

    @Test
    void tables_and_functions_count_in_any_schema_unless_one_is_named() throws SQLException {
        try (TestProxy proxy = proxy("table = public.invoices"); Connection client = proxy.connect()) {
            awaitReplica(client, "select where_am_i() from (select count(*) from invoices) i");
            awaitReplica(client, "select where_am_i() from (select count(*) from public.invoices) i");
            assertPrimary(client, "select where_am_i() from (select count(*) from orders) o");
        }
        try (TestProxy proxy = proxy("function = somewhere"); Connection client = proxy.connect()) {
            awaitReplica(client, "select public.somewhere()");
            assertPrimary(client, WHERE);
        }
    }

    @Test
    void the_user_and_the_database_count_as_the_client_names_them() throws SQLException {
        try (TestProxy proxy = proxy("user = postgres"); Connection client = proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, "app"); Connection other = proxy.connect()) {
            awaitReplica(client, WHERE);
            assertPrimary(other, WHERE);
        }
        try (TestProxy proxy = proxy("database = alias"); Connection client = proxy.connectAs(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, "alias"); Connection other = proxy.connect()) {
            awaitReplica(client, WHERE);
            assertPrimary(other, WHERE);
        }
    }
}
