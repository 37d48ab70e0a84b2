package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// The primary of a watched cluster is killed under its clients and comes back in another life. Real failovers to another node are
/// the chaos bench's.
class FailoverEndToEndTest {
    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        // What was acknowledged is to be there after kill -9: the fixture is quicker than safe otherwise.
        postgres.execute("create table kept (x int, how text)", "grant all on kept to app", "alter database app set synchronous_commit = on");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(String outcome) {
        return TestProxy.start(postgres, """
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main.outcome = %s
                databases."*".pool { max = 4, max-wait = 30s }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, outcome));
    }

    private static CompletableFuture<String> async(Query query) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return query.ask();
            } catch (SQLException e) {
                throw new CompletionException(e);
            }
        }, task -> Thread.ofPlatform().daemon().start(task));
    }

    private interface Query {
        String ask() throws SQLException;
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "pipelined", "strict"})
    void a_killed_primary_is_a_pause(String outcome) throws Exception {
        postgres.execute("truncate kept");
        try (TestProxy proxy = proxy(outcome); Connection idle = proxy.connect(); Connection reading = proxy.connect(); Connection simple = proxy.connect("preferQueryMode", "simple");
                Connection inTransaction = proxy.connect()) {
            TestProxy.execute(idle, "set application_name = 'still me'");
            TestProxy.execute(simple, "insert into kept values (1, 'before')");
            inTransaction.setAutoCommit(false);
            TestProxy.execute(inTransaction, "insert into kept values (2, 'lost')");
            var read = async(() -> TestProxy.value(reading, "select count(*) || ' rows' from generate_series(1, 20000000)"));
            await().atMost(Duration.ofSeconds(10)).until(() -> postgres.query("select count(*) from pg_stat_activity where query like '%generate_series(1, 20000000)%' and usename = 'app' and state = 'active'").equals("1"));

            postgres.kill();
            assertThatThrownBy(() -> TestProxy.execute(inTransaction, "insert into kept values (3, 'lost')"))
                    .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
            inTransaction.rollback();
            var waiting = async(() -> TestProxy.value(idle, "show application_name"));
            var writing = async(() -> {
                TestProxy.execute(simple, "insert into kept values (4, 'after')");
                return "written";
            });
            await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> {
                postgres.startAgain();
                return true;
            });

            assertThat(read.get(30, TimeUnit.SECONDS)).isEqualTo("20000000 rows");
            assertThat(waiting.get(30, TimeUnit.SECONDS)).isEqualTo("still me");
            assertThat(writing.get(30, TimeUnit.SECONDS)).isEqualTo("written");
            TestProxy.execute(inTransaction, "insert into kept values (5, 'again')");
            inTransaction.commit();
            assertThat(TestProxy.column(idle, "select x from kept order by x")).isEqualTo(List.of("1", "4", "5"));
        }
    }
}
