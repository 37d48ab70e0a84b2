package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// A client that holds nothing any more in its backend gives it back: one backend, two clients.
class UnpinningEndToEndTest {
    private final PostgresFixture postgres = SharedPostgres.get();
    private TestProxy proxy;
    private Connection other;

    @BeforeEach
    void start() throws SQLException {
        proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = 1, max-wait = 2s }\n");
        other = proxy.connect();
    }

    @AfterEach
    void stop() throws SQLException {
        other.close();
        proxy.close();
    }

    /// With `pinning.policy = refuse`.
    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void what_would_pin_is_refused_where_that_is_the_policy(String mode) throws SQLException {
        try (TestProxy strict = TestProxy.start(postgres, "pinning.policy = refuse\n"); Connection client = strict.connect("preferQueryMode", mode)) {
            for (String pinning : List.of("create temp table refused (n int)", "listen refused", "select pg_advisory_lock(83)", "declare refused cursor with hold for select 1")) {
                assertThatThrownBy(() -> TestProxy.execute(client, pinning)).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).as(pinning).isEqualTo("0A000"));
                assertThat(TestProxy.value(client, "select 'stays'")).isEqualTo("stays");
            }
            client.setAutoCommit(false);
            TestProxy.execute(client, "select pg_advisory_xact_lock(83)");
            assertThatThrownBy(() -> TestProxy.execute(client, "create temp table refused (n int)")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("0A000"));
            assertThatThrownBy(() -> TestProxy.value(client, "select 1")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).as("its transaction has failed").isEqualTo("25P02"));
            client.rollback();
            assertThat(TestProxy.value(client, "select 'stays'")).isEqualTo("stays");
            client.rollback();
        }
    }

    private void assertPinned() {
        assertThatThrownBy(() -> TestProxy.value(other, "select 1"))
                .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState()).as(refused.getMessage()).isEqualTo("57P03"));
    }

    /// The other's wait may be over before a busy machine has given the backend back.
    private void assertFree() {
        await().ignoreExceptionsMatching(refused -> refused instanceof SQLException e && "57P03".equals(e.getSQLState())).until(() -> "1".equals(TestProxy.value(other, "select 1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_client_that_unlocks_its_last_advisory_lock_is_free(String mode) throws SQLException {
        try (Connection client = proxy.connect("preferQueryMode", mode)) {
            TestProxy.execute(client, "select pg_advisory_lock(81)", "select pg_advisory_lock(81)");
            assertPinned();
            TestProxy.execute(client, "select pg_advisory_unlock(81)");
            assertPinned();
            TestProxy.execute(client, "select pg_advisory_unlock(81)");
            assertFree();
            TestProxy.execute(client, "select pg_advisory_lock_shared(82)");
            assertPinned();
            TestProxy.execute(client, "select pg_advisory_unlock_shared(82)");
            assertFree();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "0", "1"})
    void a_setting_whose_value_is_bound_goes_with_its_client(String prepareThreshold) throws SQLException {
        try (Connection client = proxy.connect("prepareThreshold", prepareThreshold);
             var setting = client.prepareStatement("select current_setting('bound.tenant', true), set_config('bound.tenant', ?, false)")) {
            for (String tenant : Arrays.asList("mine", "M\u00fcller", "", null)) {
                setting.setString(1, tenant);
                setting.execute();
                assertFree();
                assertThat(TestProxy.value(other, "select coalesce(current_setting('bound.tenant', true), '')")).isEmpty();
                assertThat(TestProxy.value(client, "select current_setting('bound.tenant', true)")).isEqualTo(tenant == null ? "" : tenant);
            }
            client.setAutoCommit(false);
            setting.setString(1, "undone");
            setting.execute();
            assertThat(TestProxy.value(client, "show bound.tenant")).isEqualTo("undone");
            client.rollback();
            assertFree();
            assertThat(TestProxy.value(client, "show bound.tenant")).isEmpty();
            client.rollback();
        }
    }

    /// A number is a text only when the server has made one of it.
    @Test
    void a_setting_whose_bound_value_is_no_text_pins() throws SQLException {
        try (Connection client = proxy.connect(); var setting = client.prepareStatement("select set_config('bound.tenant', ?::text, false)")) {
            setting.setInt(1, 7);
            setting.execute();
            assertPinned();
            assertThat(TestProxy.value(client, "show bound.tenant")).isEqualTo("7");
        }
    }

    @Test
    void a_lock_not_obtained_pins_nobody() throws SQLException {
        try (Connection holder = postgres.connect(); Connection client = proxy.connect()) {
            TestProxy.execute(holder, "select pg_advisory_lock(83)");
            assertThat(TestProxy.value(client, "select pg_try_advisory_lock(83)")).isEqualTo("f");
            assertFree();
            assertThatThrownBy(() -> TestProxy.execute(client, "select pg_advisory_lock(84), 1 / (random() * 0)::int")).isInstanceOf(SQLException.class);
            assertPinned();   // the error did not undo the lock
            TestProxy.execute(client, "select pg_advisory_unlock(84)");
            assertFree();
        }
    }

    @Test
    void a_lock_outlives_the_rollback_of_its_transaction_and_so_does_the_pin() throws SQLException {
        try (Connection client = proxy.connect()) {
            client.setAutoCommit(false);
            TestProxy.execute(client, "select pg_advisory_lock(85)");
            client.rollback();
            assertPinned();
            TestProxy.execute(client, "select pg_advisory_unlock(85)");
            assertPinned();
            client.commit();
            assertFree();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_temporary_table_pins_until_it_is_dropped(String mode) throws SQLException {
        try (Connection client = proxy.connect("preferQueryMode", mode)) {
            TestProxy.execute(client, "create temp table mine (x int)", "insert into mine values (1)");
            assertPinned();
            TestProxy.execute(client, "create table not_temporary_at_all (x int)", "drop table not_temporary_at_all");
            assertPinned();
            assertThat(TestProxy.value(client, "select count(*) from mine")).isEqualTo("1");
            TestProxy.execute(client, "drop table mine");
            assertFree();
        }
    }

    @Test
    void a_temporary_table_that_is_gone_with_its_transaction_pins_nobody() throws SQLException {
        try (Connection client = proxy.connect()) {
            client.setAutoCommit(false);
            TestProxy.execute(client, "create temp table mine (x int)");
            client.rollback();
            assertFree();
            TestProxy.execute(client, "create temp table mine (x int)", "drop table mine");
            client.commit();
            assertFree();
            TestProxy.execute(client, "create temp table mine (x int)");
            client.commit();
            assertPinned();
            TestProxy.execute(client, "drop table mine");
            client.rollback();
            assertPinned();
        }
    }

    @Test
    void a_temporary_function_pins_as_a_table_does() throws SQLException {
        try (Connection client = proxy.connect()) {
            TestProxy.execute(client, "create function pg_temp.five() returns int language sql as 'select 5'");
            assertThat(TestProxy.value(client, "select pg_temp.five()")).isEqualTo("5");
            assertPinned();
            TestProxy.execute(client, "drop function pg_temp.five()");
            assertFree();
        }
    }

    @Test
    void a_cursor_with_hold_pins_until_it_is_closed() throws SQLException {
        try (Connection client = proxy.connect()) {
            client.setAutoCommit(false);
            TestProxy.execute(client, "declare rows cursor with hold for select generate_series(1, 10)");
            client.commit();
            assertPinned();
            assertThat(TestProxy.column(client, "fetch 2 from rows")).isEqualTo(List.of("1", "2"));
            TestProxy.execute(client, "close rows");
            client.commit();
            assertFree();
            TestProxy.execute(client, "declare rows cursor with hold for select 1");
            client.rollback();
            assertFree();
        }
    }

    @Test
    void only_what_is_gone_is_lifted() throws SQLException {
        try (Connection client = proxy.connect()) {
            TestProxy.execute(client, "create temp table mine (x int)", "select pg_advisory_lock(86)", "select pg_advisory_unlock(86)");
            assertPinned();
            assertThat(TestProxy.value(client, "select count(*) from mine")).isEqualTo("0");
            TestProxy.execute(client, "listen ear", "drop table mine");
            assertPinned();
            TestProxy.execute(client, "unlisten *");
            assertFree();
        }
    }

    @Test
    void nothing_is_asked_while_nothing_can_have_changed() throws SQLException {
        try (Connection client = proxy.connect("preferQueryMode", "simple")) {
            TestProxy.execute(client, "create temp table mine (x int)");
            String pid = TestProxy.value(client, "select pg_backend_pid()");
            TestProxy.execute(client, "insert into mine values (1)");
            TestProxy.execute(client, "select 'the last word'");
            assertThat(postgres.query("select query from pg_stat_activity where pid = " + pid)).isEqualTo("select 'the last word'");
        }
    }

    @Test
    void a_pipeline_that_locks_right_behind_an_unlock_stays_pinned() throws SQLException {
        try (Connection client = proxy.connect("preferQueryMode", "simple")) {
            for (int i = 0; i < 50; i++) {
                TestProxy.execute(client, "select pg_advisory_lock(87)", "select pg_advisory_unlock(87)", "select pg_advisory_lock(88)");
                assertThat(TestProxy.value(client, "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")).isEqualTo("1");
                TestProxy.execute(client, "select pg_advisory_unlock(88)");
            }
            assertFree();
        }
    }
}
