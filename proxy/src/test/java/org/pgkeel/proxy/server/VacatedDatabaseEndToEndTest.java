package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// What wants a database without sessions, as test runners of frameworks do, finds none where all clients have left it.
class VacatedDatabaseEndToEndTest {
    private static final String NAME = "Vacated-One";
    private static final String QUOTED = '"' + NAME + '"';

    private final PostgresFixture postgres = SharedPostgres.get();
    private TestProxy proxy;
    private Connection direct;

    @BeforeEach
    void start() throws SQLException {
        proxy = TestProxy.start(postgres, "");
        direct = postgres.connectAsSuperuser(PostgresFixture.DATABASE);
        TestProxy.execute(direct, "create database " + QUOTED);
        try (Connection visitor = inside()) {
            assertThat(TestProxy.value(visitor, "select current_database()")).isEqualTo(NAME);
        }
    }

    @AfterEach
    void stop() throws SQLException {
        TestProxy.execute(direct, "drop database if exists vacated_copy with (force)", "drop database if exists vacated_other with (force)", "drop database if exists " + QUOTED + " with (force)");
        direct.close();
        proxy.close();
    }

    private Connection inside() throws SQLException {
        return proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, NAME);
    }

    private Connection outside(String... properties) throws SQLException {
        return proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, PostgresFixture.DATABASE, properties);
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_database_that_all_have_left_is_copied_renamed_and_dropped(String mode) throws SQLException {
        try (Connection client = outside("preferQueryMode", mode)) {
            TestProxy.execute(client, "create database vacated_copy with template = " + QUOTED);
            try (Connection visitor = inside()) {
                TestProxy.execute(visitor, "select 1");
            }
            TestProxy.execute(client, "alter database " + QUOTED + " rename to vacated_other", "drop database if exists vacated_copy", "drop database vacated_other");
        }
    }

    /// Its pool is vacated once for all three.
    @Test
    void a_database_whose_pool_keeps_connections_open_is_copied_renamed_and_dropped() throws SQLException {
        assertThat(proxy.reload("databases.\"*\".pool.min = 2\n")).isEmpty();
        String inside = "select count(*) from pg_stat_activity where datname = '" + NAME + "'";
        await().until(() -> TestProxy.value(direct, inside).equals("2"));
        try (Connection client = outside()) {
            TestProxy.execute(client, "create database vacated_copy with template = " + QUOTED, "alter database " + QUOTED + " rename to vacated_other",
                    "drop database vacated_copy", "drop database vacated_other");
        }
    }

    @Test
    void a_database_that_somebody_is_in_is_not_dropped_and_they_keep_their_backend() throws SQLException {
        try (Connection client = outside(); Connection visitor = inside()) {
            String backend = TestProxy.value(visitor, "select pg_backend_pid()");
            assertThatThrownBy(() -> TestProxy.execute(client, "drop database " + QUOTED)).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55006"));
            assertThat(TestProxy.value(visitor, "select pg_backend_pid()")).isEqualTo(backend);
        }
    }

    @Test
    void who_may_not_drop_a_database_disturbs_nobody_who_is_in() throws SQLException {
        try (Connection stranger = proxy.connect(); Connection visitor = inside()) {
            String backend = TestProxy.value(visitor, "select pg_backend_pid()");
            assertThatThrownBy(() -> TestProxy.execute(stranger, "drop database " + QUOTED)).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
            assertThat(TestProxy.value(visitor, "select pg_backend_pid()")).isEqualTo(backend);
        }
    }
}
