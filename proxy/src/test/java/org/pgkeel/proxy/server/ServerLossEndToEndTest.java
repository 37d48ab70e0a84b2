package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// PostgreSQL goes away under the proxy, wholly or in part, and comes back.
class ServerLossEndToEndTest {
    private static PostgresFixture postgres;

    /// How PostgreSQL is lost.
    enum Loss {
        FAST_STOP, IMMEDIATE_STOP, KILLED_POSTMASTER, KILLED_BACKEND;

        void happensTo(PostgresFixture server, String activePid) throws Exception {
            switch (this) {
                case FAST_STOP -> server.stop();
                case KILLED_POSTMASTER -> server.kill();
                case IMMEDIATE_STOP -> signal("QUIT", server.query("select pg_read_file('postmaster.pid')").lines().findFirst().orElseThrow());
                case KILLED_BACKEND -> signal("KILL", activePid);
            }
        }

        private static void signal(String name, String pid) throws Exception {
            assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor()).isZero();
        }
    }

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table kept (x int)", "grant all on kept to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @ParameterizedTest
    @EnumSource(Loss.class)
    void idle_clients_go_on_after_a_restart_and_busy_ones_are_told(Loss loss) throws Exception {
        postgres.execute("truncate kept");
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = 5, max-wait = 30s }")) {
            List<Connection> idle = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                Connection client = proxy.connect();
                TestProxy.execute(client, "set application_name = 'idle " + i + "'");
                idle.add(client);
            }
            Connection inTransaction = proxy.connect();
            inTransaction.setAutoCommit(false);
            TestProxy.execute(inTransaction, "insert into kept values (1)");
            Connection inQuery = proxy.connect();
            String pid = TestProxy.value(inTransaction, "select pg_backend_pid()");
            CompletableFuture<String> query = Meanwhile.asks(() -> TestProxy.value(inQuery, "select pg_sleep(600)"));
            await().until(() -> postgres.query("select count(*) from pg_stat_activity where query like '%pg_sleep(600)' and usename = 'app' and state = 'active'").equals("1"));

            loss.happensTo(postgres, pid);
            assertThat(sqlStateOf(query)).isIn("57P01", "57P02", "08006");
            CompletableFuture<String> transaction = Meanwhile.asks(() -> {
                TestProxy.execute(inTransaction, "insert into kept values (2)");
                inTransaction.commit();
                return "committed";
            });
            assertThat(sqlStateOf(transaction)).isIn("57P01", "57P02", "08006");
            // Asked while there is no server: they wait for it.
            var waiting = Meanwhile.asks(() -> TestProxy.value(idle.getFirst(), "select 'waited ' || current_setting('application_name')"));
            if (loss == Loss.FAST_STOP || loss == Loss.KILLED_POSTMASTER || loss == Loss.IMMEDIATE_STOP) {
                await().ignoreExceptions().until(() -> {
                    postgres.startAgain();
                    return true;
                });
            }
            assertThat(waiting.get(90, TimeUnit.SECONDS)).isEqualTo("waited idle 0");
            for (int i = 1; i < idle.size(); i++) {
                assertThat(TestProxy.value(idle.get(i), "show application_name")).isEqualTo("idle " + i);
            }
            assertThat(postgres.query("select count(*) from kept")).isEqualTo("0");
            for (Connection client : idle) client.close();
            inQuery.close();
            inTransaction.close();
            await().untilAsserted(() -> assertPlacesAddUp(proxy));
        }
    }

    /// What the pool counts as open is what is open.
    private static void assertPlacesAddUp(TestProxy proxy) {
        for (var pool : proxy.server().pools().all()) {
            int listed = pool.shared().slices().stream().mapToInt(slice -> slice.connections().size() + slice.opening()).sum();
            assertThat(pool.shared().open()).isEqualTo(listed);
        }
        assertThat(proxy.server().admission().clients()).isZero();
    }

    @Test
    void a_terminated_idle_backend_is_nobodys_loss() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 1"); Connection client = proxy.connect()) {
            for (int i = 0; i < 5; i++) {
                String pid = TestProxy.value(client, "select pg_backend_pid()");
                postgres.execute("select pg_terminate_backend(" + pid + ", 5000)");
                await().until(() -> proxy.server().pools().all().iterator().next().shared().open() == 0);
                assertThat(TestProxy.value(client, "select pg_backend_pid()")).isNotEqualTo(pid);
            }
        }
    }

    @Test
    void a_terminated_active_backends_fatal_reaches_its_client_and_nobody_else() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 2"); Connection other = proxy.connect(); Connection client = proxy.connect()) {
            client.setAutoCommit(false);
            String pid = TestProxy.value(client, "select pg_backend_pid()");
            CompletableFuture<String> query = Meanwhile.asks(() -> TestProxy.value(client, "select pg_sleep(600)"));
            await().until(() -> postgres.query("select state || query from pg_stat_activity where pid = " + pid).equals("activeselect pg_sleep(600)"));
            postgres.execute("select pg_terminate_backend(" + pid + ")");
            assertThat(sqlStateOf(query)).isEqualTo("57P01");
            assertThat(TestProxy.value(other, "select 'other'")).isEqualTo("other");
        }
    }

    private static String sqlStateOf(CompletableFuture<String> work) throws Exception {
        try {
            return "no error, but " + work.get(90, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            assertThat(failed.getCause()).isInstanceOf(SQLException.class);
            return ((SQLException) failed.getCause()).getSQLState();
        }
    }
}
