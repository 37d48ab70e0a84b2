package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Reads that go to a replica, and a database that an operator has paused.
class PausedReadsEndToEndTest {
    private static ReplicatedPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = new ReplicatedPostgres(1);
        postgres.execute("create function where_am_i() returns text language sql stable as $$ select case when pg_is_in_recovery() then 'replica' else 'primary' end $$");
        postgres.awaitReplayed(postgres.replica(0));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"primary", "wait"})
    void a_read_of_a_paused_database_is_refused_when_its_wait_runs_out_and_the_replica_is_blamed_for_nothing(String orElse) throws SQLException {
        try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + """
                routing = [ { name = reads, when { statement = read }, to = replica, consistency = eventual, or-else = %s } ]
                clusters.main.hold.max-wait = 1s
                """.formatted(orElse)); Connection client = proxy.connect(); Connection console = proxy.connectAs(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, "pgkeel")) {
            awaitReplica(client);
            TestProxy.execute(console, "PAUSE app");
            assertThatThrownBy(() -> TestProxy.value(client, "select where_am_i()")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P03"));
            Map<String, String> hold = RunningProxy.show(console, "HOLD").stream().filter(row -> row.get("database").equals("app")).findFirst().orElseThrow();
            assertThat(hold).containsEntry("held", "1").containsEntry("refused", "1").containsEntry("gone", "0").containsEntry("waiting", "0");
            TestProxy.execute(console, "RESUME app");
            awaitReplica(client);
        }
    }

    private static void awaitReplica(Connection client) {
        await().pollInterval(Duration.ofMillis(100)).until(() -> "replica".equals(TestProxy.value(client, "select where_am_i()")));
    }
}
