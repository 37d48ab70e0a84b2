package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.embedded.PostgresServer;

/// What becomes of a unit whose servers fail it again and again, and that it has no say in where the next one runs.
class FailedUnitsEndToEndTest {
    private static final String READS = "routing = [ { name = reads, when { statement = read }, to = replica, consistency = eventual, or-else = %s } ]\n";
    private static final String SHORT_HOLD = "clusters.main.hold.max-wait = 10s\n";
    private static ReplicatedPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = new ReplicatedPostgres(1);
        postgres.execute("create function where_am_i() returns text language sql stable as $$ select case when pg_is_in_recovery() then 'replica' else 'primary' end $$",
                "create function kill() returns void language plpgsql volatile as $$ begin copy (select 1) to program 'echo died >> deaths; kill -9 $PPID'; end $$",
                "create function kills() returns text language plpgsql stable as $$ begin perform kill(); return 'killed'; end $$",
                "create table written (n int)");
        postgres.awaitReplayed(postgres.replica(0));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(String more) {
        return TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + "catalogue.refresh = 5m\n" + more);
    }

    private static void awaitReplica(Connection client) {
        await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(100)).ignoreExceptions().until(() -> "replica".equals(TestProxy.value(client, "select where_am_i()")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"wait", "primary"})
    void a_read_that_kills_its_servers_is_given_up(String orElse) throws Exception {
        long before = deaths();
        try (TestProxy proxy = proxy(READS.formatted(orElse)); Connection client = proxy.connect()) {
            awaitReplica(client);
            CompletableFuture<String> read = Meanwhile.does(() -> TestProxy.value(client, "select kills()"));
            await().atMost(Duration.ofSeconds(90)).until(() -> read.isDone() || deaths() > before + 3);
            assertThat(deaths()).isEqualTo(before + 3);
            assertThat(read.get(90, TimeUnit.SECONDS)).isEqualTo("40001");
            awaitReplica(client);
        }
    }

    private static long deaths() throws IOException {
        return deathsOf(postgres.primary()) + deathsOf(postgres.replica(0));
    }

    private static long deathsOf(PostgresServer server) throws IOException {
        Path notes = server.data().resolve("deaths");
        return Files.exists(notes) ? Files.readAllLines(notes).size() : 0;
    }

    @Test
    void a_replica_that_failed_a_transaction_serves_what_follows_it() throws SQLException {
        try (TestProxy proxy = proxy(READS.formatted("refuse")); Connection client = proxy.connect("preferQueryMode", "simple")) {
            awaitReplica(client);
            TestProxy.execute(client, "begin read only");
            assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("replica");
            String pid = TestProxy.value(client, "select pg_backend_pid()");
            assertThat(postgres.replica(0).query("postgres", "select pg_terminate_backend(" + pid + ", 60000)")).isEqualTo("t");
            assertThatThrownBy(() -> TestProxy.value(client, "select 1")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
            TestProxy.execute(client, "rollback");
            assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("replica");
        }
    }

    @Test
    void a_write_that_is_held_stays_in_line_when_the_rules_of_a_read_before_it_are_taken_away() throws Exception {
        try (TestProxy proxy = proxy(READS.formatted("primary") + SHORT_HOLD); Connection client = proxy.connect("preferQueryMode", "simple");
             Connection console = proxy.connectAs("postgres", "postgres", "pgkeel", "preferQueryMode", "simple")) {
            awaitReplica(client);
            assertThat(proxy.reload(postgres.cluster() + SHORT_HOLD)).isEmpty();
            postgres.primary().kill();
            try {
                await().untilAsserted(() -> assertThat(hold(console)).containsEntry("state", "holding"));
                assertThat(Meanwhile.does(() -> TestProxy.execute(client, "insert into written values (1)")).get(90, TimeUnit.SECONDS)).isEqualTo("57P03");
                assertThat(hold(console)).containsEntry("refused", "1").containsEntry("gone", "0");
            } finally {
                postgres.primary().start();
            }
        }
    }

    private static Map<String, String> hold(Connection console) throws SQLException {
        return RunningProxy.show(console, "HOLD").getFirst();
    }
}
