package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.statement.SessionFunctions;
import org.postgresql.PGConnection;
import org.postgresql.fastpath.FastpathArg;

/// State that a client makes in its backend by a way that its text hardly tells: the next client of the one backend must not find it.
class HiddenStateEndToEndTest {
    private static final String LOCKS = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";

    private final PostgresFixture postgres = SharedPostgres.get();
    private TestProxy proxy;
    private Connection client;
    private Connection other;

    @BeforeEach
    void start() throws SQLException {
        proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = 1, max-wait = 2s }\n");
        client = proxy.connect("preferQueryMode", "simple");
        other = proxy.connect("preferQueryMode", "simple");
    }

    @AfterEach
    void stop() throws SQLException {
        other.close();
        client.close();
        proxy.close();
    }

    private static void fails(Connection connection, String sql) {
        try {
            TestProxy.execute(connection, sql);
        } catch (SQLException expected) {
            return;
        }
        throw new AssertionError(sql + " did not fail");
    }

    /// The client keeps the backend, or has left nothing in it: the other one does not find what was made.
    private void assertUnseen(String question, String clean) throws SQLException {
        assertUnseen(other, question, clean);
    }

    private static void assertUnseen(Connection next, String question, String clean) throws SQLException {
        String seen;
        try {
            seen = TestProxy.value(next, question);
        } catch (SQLException refused) {
            assertThat(refused.getSQLState()).isEqualTo("57P03");
            return;
        }
        assertThat(seen).isEqualTo(clean);
    }

    @Test
    void a_lock_that_an_execute_takes() throws SQLException {
        TestProxy.execute(client, "prepare taking as select pg_advisory_lock(91)", "select 1", "execute taking");
        assertUnseen(LOCKS, "0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_setting_that_an_execute_makes(String mode) throws SQLException {
        try (Connection setting = proxy.connect("preferQueryMode", mode)) {
            TestProxy.execute(setting, "prepare tenant as select set_config('hidden.tenant', $1, false)", "execute tenant('mine')");
            assertUnseen("select coalesce(current_setting('hidden.tenant', true), '')", "");
            assertThat(TestProxy.value(setting, "select current_setting('hidden.tenant', true)")).isEqualTo("mine");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"create temp table hidden_by_mode (n int)", "select pg_advisory_lock(96)", "listen hidden_by_mode"})
    void what_is_made_in_statement_pooling(String sql) throws SQLException {
        try (TestProxy single = TestProxy.start(postgres, "databases.\"*\".pool { mode = statement, max = 1, max-wait = 2s }\n"); Connection maker = single.connect();
             Connection next = single.connect()) {
            TestProxy.execute(maker, sql);
            assertUnseen(next, "select concat(to_regclass('hidden_by_mode'), (" + LOCKS + "), (select count(*) from pg_listening_channels()))", "00");
        }
    }

    @Test
    void a_setting_that_cannot_be_taken_back_any_more() throws SQLException {
        TestProxy.execute(client, "set temp_buffers = '16MB'", "begin; create temp table hidden_by_commit (a int) on commit drop; insert into hidden_by_commit values (1); commit");
        assertThat(TestProxy.value(other, "show temp_buffers")).isEqualTo("8MB");
        assertThat(TestProxy.value(client, "show temp_buffers")).isEqualTo("16MB");
    }

    @ParameterizedTest
    @ValueSource(strings = {"seed=0.5", "transaction_isolation=serializable", "transaction_read_only=on", "temp_buffers=16MB"})
    void a_startup_parameter_that_cannot_be_taken_back(String option) throws SQLException {
        try (Connection peculiar = proxy.connect("options", "-c " + option)) {
            TestProxy.execute(peculiar, "select 1", "begin; create temp table hidden_by_commit (a int) on commit drop; commit");
            assertThat(TestProxy.value(other, "select 'served'")).isEqualTo("served");
        }
    }

    @Test
    void an_order_of_day_and_month_that_the_next_client_does_not_name() throws SQLException {
        TestProxy.execute(client, "set datestyle to 'ISO, DMY'");
        assertThat(TestProxy.value(other, "show datestyle")).isEqualTo("ISO, MDY");
        assertThat(TestProxy.value(client, "show datestyle")).isEqualTo("ISO, DMY");
        assertThat(TestProxy.value(other, "select '01/02/2024'::date")).isEqualTo("2024-01-02");
    }

    @Test
    void a_lock_of_an_execute_that_fails() throws SQLException {
        TestProxy.execute(client, "prepare taking as select pg_advisory_lock(92), 1 / (random() * $1)::int");
        fails(client, "execute taking(0)");
        assertUnseen(LOCKS, "0");
    }

    @Test
    void a_lock_of_a_block_that_fails() throws SQLException {
        fails(client, "do $$ begin perform pg_advisory_lock(93); raise 'in vain'; end $$");
        assertUnseen(LOCKS, "0");
    }

    @Test
    void a_setting_behind_a_comment_in_a_block() throws SQLException {
        TestProxy.execute(client, "do $$ begin -- the next line\n set hidden.comment = 'mine'; end $$");
        assertUnseen("select coalesce(current_setting('hidden.comment', true), '')", "");
    }

    @Test
    void a_lock_that_is_not_given_back_after_all() throws SQLException {
        TestProxy.execute(client, "select pg_advisory_lock(94)", "select pg_advisory_unlock_all() where false");
        assertUnseen(LOCKS, "0");
    }

    @Test
    void a_channel_that_is_listened_to_after_all() throws SQLException {
        client.setAutoCommit(false);
        TestProxy.execute(client, "listen hidden_ear");
        client.commit();
        TestProxy.execute(client, "unlisten *");
        client.rollback();
        assertUnseen("select count(*) from pg_listening_channels()", "0");
    }

    @Test
    void a_temporary_table_that_is_there_after_all() throws SQLException {
        TestProxy.execute(client, "create temp table hidden_table as select 'mine'::text as v");
        client.setAutoCommit(false);
        TestProxy.execute(client, "discard temp");
        client.rollback();
        assertUnseen("select coalesce(to_regclass('hidden_table')::text, '')", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"set search_path = pg_temp, public", "set search_path = \"$user\", pg_temp", "select set_config('search_path', 'pg_temp', false)",
        "set standard_conforming_strings = off; set search_path = \"$user\", pg_temp"})
    void a_temporary_table_by_the_search_path(String path) throws SQLException {
        TestProxy.execute(client, path, "create table hidden_by_path (n int)", "select 1", "select 2");
        assertUnseen("select coalesce(to_regclass('hidden_by_path')::text, '')", "");
        assertThat(TestProxy.value(client, "select to_regclass('hidden_by_path')::text")).isEqualTo("hidden_by_path");
    }

    @Test
    void a_search_path_that_ends_with_temporary_objects_pins_nobody() throws SQLException {
        TestProxy.execute(client, "set search_path = public, pg_temp", "select 1");
        await().ignoreExceptionsInstanceOf(SQLException.class).until(() -> "1".equals(TestProxy.value(other, "select 1")));
    }

    @Test
    @SuppressWarnings("deprecation")
    void a_setting_by_a_function_call() throws SQLException {
        int setConfig = Integer.parseInt(postgres.query("select 'set_config(text,text,bool)'::regprocedure::oid::int"));
        var arguments = new FastpathArg[] {new FastpathArg("hidden.call".getBytes(StandardCharsets.UTF_8)), new FastpathArg("mine".getBytes(StandardCharsets.UTF_8)), new FastpathArg(new byte[] {0})};
        client.unwrap(PGConnection.class).getFastpathAPI().fastpath(setConfig, arguments);
        assertUnseen("select coalesce(current_setting('hidden.call', true), '')", "");
    }

    /// Nothing can undo a seed: nobody else gets the backend.
    @ParameterizedTest
    @ValueSource(strings = {"create function pg_temp.hidden() returns int language sql as 'select 1'", "create or replace procedure \"pg_temp\".hidden() language sql as 'select 1'"})
    void a_temporary_routine(String create) throws SQLException {
        TestProxy.execute(client, create);
        assertUnseen("select count(*) from pg_proc where proname = 'hidden' and pronamespace = pg_my_temp_schema()", "0");
        assertThat(TestProxy.value(client, "select count(*) from pg_proc where proname = 'hidden' and pronamespace = pg_my_temp_schema()")).isEqualTo("1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"session.tenant", "local.tenant", "Session . Tenant", "session.local"})
    void a_setting_whose_name_begins_like_another_statement(String name) throws SQLException {
        String question = "select coalesce(current_setting('" + name.replace(" ", "") + "', true), '')";
        TestProxy.execute(client, "set " + name + " = 'mine'");
        assertUnseen(question, "");
        assertThat(TestProxy.value(client, question)).isEqualTo("mine");
        TestProxy.execute(client, "reset " + name);
        assertThat(TestProxy.value(client, question)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"set session characteristics.x = 'mine'", "set names.x = 'mine'", "set role.x = 'mine'", "set xml.x = 'mine'", "set schema.x = 'mine'", "set transaction.x = 'mine'", "set constraints.x = 'mine'",
        "set seed.x = 'mine'", "set \"Session\".\"X\" = 'mine'", "set session session.x = 'mine'", "explain analyze select set_config('h.x', 'mine', false)", "select * from set_config('h.x', 'mine', false)",
        "values (set_config('h.x', 'mine', false))", "with s as (select set_config('h.x', 'mine', false)) select * from s", "do $$begin execute format('set %s = %L', 'h.x', 'mine'); end$$",
        "select case when true then set_config('h.x', 'mine', false) end", "select U&\"set!005fconfig\" uescape e'!' ('h.x', 'mine', false)", "/*/ */ set h.x = 'mine'", "select 1;;set h.x = 'mine'"})
    void a_setting_in_an_odd_form(String set) throws SQLException {
        TestProxy.execute(client, set);
        String question = "select coalesce(string_agg(current_setting(name, true), ''), '') from unnest(array['characteristics.x', 'names.x', 'role.x', 'xml.x', 'schema.x', 'transaction.x', 'constraints.x', 'seed.x', 'session.x', 'h.x']) name";
        assertUnseen(question, "");
        assertThat(TestProxy.value(client, question)).isEqualTo("mine");
    }

    /// It says nothing of who the session is.
    @Test
    void a_role_behind_a_reset_of_such_a_setting() throws SQLException {
        try (Connection admin = proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, PostgresFixture.DATABASE, "preferQueryMode", "simple");
             Connection next = proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, PostgresFixture.DATABASE, "preferQueryMode", "simple")) {
            TestProxy.execute(admin, "set role app", "set session.tenant = 'mine'", "reset session.tenant");
            assertUnseen(next, "select current_user::text", PostgresFixture.SUPERUSER);
            assertThat(TestProxy.value(admin, "select current_user::text")).isEqualTo("app");
        }
    }

    @Test
    void a_table_in_a_search_path_of_the_transaction() throws SQLException {
        TestProxy.execute(client, "begin", "select set_config('search_path', 'pg_temp', true)", "create table hidden_by_path (n int)", "commit");
        assertUnseen("select count(*) from pg_class where relname = 'hidden_by_path' and relnamespace = pg_my_temp_schema()", "0");
        assertThat(TestProxy.value(client, "select to_regclass('hidden_by_path')::text")).isEqualTo("hidden_by_path");
    }

    /// Nothing can end it but its own session.
    @Test
    void a_base_backup() throws SQLException {
        try (Connection admin = proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, PostgresFixture.DATABASE, "preferQueryMode", "simple");
             Connection next = proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, PostgresFixture.DATABASE, "preferQueryMode", "simple")) {
            TestProxy.execute(admin, "select pg_backup_start('hidden', true)");
            String pid = TestProxy.value(admin, "select pg_backend_pid()");
            assertUnseen(next, "select pg_backend_pid() = " + pid, "f");
            TestProxy.execute(admin, "select pg_backup_stop(false)");
        }
    }

    @Test
    void a_seed_of_random_numbers() throws SQLException {
        TestProxy.execute(client, "select setseed(0.5)");
        String pid = TestProxy.value(client, "select pg_backend_pid()");
        client.close();
        await().ignoreExceptionsInstanceOf(SQLException.class).until(() -> !pid.equals(TestProxy.value(other, "select pg_backend_pid()")));
    }

    @Test
    void a_seed_behind_discard_all() throws SQLException {
        TestProxy.execute(client, "select setseed(0.5)");
        String pid = TestProxy.value(client, "select pg_backend_pid()");
        TestProxy.execute(client, "discard all");
        assertThat(TestProxy.value(client, "select pg_backend_pid()")).isEqualTo(pid);
        client.close();
        await().ignoreExceptionsInstanceOf(SQLException.class).until(() -> !pid.equals(TestProxy.value(other, "select pg_backend_pid()")));
    }

    @Test
    void a_backslash_that_hides_a_call() throws SQLException {
        try (Connection escaping = proxy.connect()) {
            TestProxy.execute(escaping, "set standard_conforming_strings = off");
            TestProxy.execute(escaping, "select '\\'', pg_advisory_lock(95), '\\''");
            assertUnseen(LOCKS, "0");
        }
    }

    /// As old applications have it in their server's configuration: the client itself says nothing of it.
    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void a_backslash_that_hides_a_call_where_the_server_has_it_so_by_default(String mode) throws SQLException {
        postgres.execute("alter role app set standard_conforming_strings = off");
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = 1, max-wait = 2s }\n");
             Connection escaping = proxy.connect("preferQueryMode", mode); Connection next = proxy.connect("preferQueryMode", "simple")) {
            TestProxy.execute(escaping, "select '\\'', set_config('hidden.byDefault', 'mine', false) -- '");
            assertUnseen(next, "select coalesce(current_setting('hidden.byDefault', true), '')", "");
        } finally {
            postgres.execute("alter role app reset standard_conforming_strings");
        }
    }

    @Test
    void functions_of_sessions_are_known_by_their_oids() {
        assertThat(List.of(postgres.query("select string_agg(distinct oid::text, ',') from pg_proc where pronamespace = 'pg_catalog'::regnamespace and (proname in ('set_config', 'setseed', 'currval', 'lastval',"
                + " 'pg_replication_origin_session_setup', 'pg_backup_start') or proname ~ '^pg_(create|copy)_(physical|logical)_replication_slot$' or proname ~ '^pg_(try_)?advisory_(un)?lock(_shared|_all)?$')").split(",")))
                .isNotEmpty().allSatisfy(oid -> assertThat(SessionFunctions.isOne(Integer.parseInt(oid))).as(oid).isTrue());
    }
}
