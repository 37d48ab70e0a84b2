package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// The primary of a watched cluster is killed under its clients and comes back in another life. Real failovers to another node are
/// the chaos bench's.
class FailoverEndToEndTest {
    /// Known to be one before the database's catalogue has been read: it names no relation.
    private static final String A_LONG_READ = "select 'slept' where pg_sleep(3) is not null";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        // What was acknowledged is to be there after kill -9: the fixture is quicker than safe otherwise.
        postgres.execute("create table kept (x int, how text)", "grant all on kept to app", "alter database app set synchronous_commit = on");
        postgres.execute("checkpoint");
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
            var read = Meanwhile.asks(() -> TestProxy.value(reading, A_LONG_READ));
            await().until(() -> postgres.query("select count(*) from pg_stat_activity where query like '%pg_sleep(3)%' and usename = 'app' and state = 'active'").equals("1"));

            postgres.kill();
            assertThatThrownBy(() -> TestProxy.execute(inTransaction, "insert into kept values (3, 'lost')"))
                    .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
            inTransaction.rollback();
            var waiting = Meanwhile.asks(() -> TestProxy.value(idle, "show application_name"));
            var writing = Meanwhile.asks(() -> {
                TestProxy.execute(simple, "insert into kept values (4, 'after')");
                return "written";
            });
            await().ignoreExceptions().until(() -> {
                postgres.startAgain();
                return true;
            });

            assertThat(read.get(90, TimeUnit.SECONDS)).isEqualTo("slept");
            assertThat(waiting.get(90, TimeUnit.SECONDS)).isEqualTo("still me");
            assertThat(writing.get(90, TimeUnit.SECONDS)).isEqualTo("written");
            TestProxy.execute(inTransaction, "insert into kept values (5, 'again')");
            inTransaction.commit();
            assertThat(TestProxy.column(idle, "select x from kept order by x")).isEqualTo(List.of("1", "4", "5"));
        }
    }

    /// As pgbench does, which retries its transactions and prepares each statement once.
    @Test
    void a_statement_that_is_prepared_while_its_transaction_is_lost_is_there_for_the_retry() throws Exception {
        try (TestProxy proxy = proxy("strict"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            assertThat(replies(client, new Query("begin"))).endsWith("ReadyForQuery[status=IN_TRANSACTION]");
            postgres.kill();
            assertThat(replies(client, new Parse("kept", "select x from kept where x = $1", List.of()), Sync.INSTANCE)).containsExactly("INSTANCE", "ReadyForQuery[status=IN_TRANSACTION]");
            FrontendMessage[] use = {new Bind("", "kept", List.of(), List.of(Value.ofText("99")), List.of()), new Execute("", 0), Sync.INSTANCE};
            assertThat(replies(client, use)).hasSize(2).last().isEqualTo("ReadyForQuery[status=FAILED]");
            assertThat(replies(client, new Query("rollback"))).endsWith("ReadyForQuery[status=IDLE]");
            await().ignoreExceptions().until(() -> {
                postgres.startAgain();
                return true;
            });
            assertThat(replies(client, use)).containsExactly("INSTANCE", "CommandComplete[tag=SELECT 0]", "ReadyForQuery[status=IDLE]");
        }
    }

    private static List<String> replies(WireClient client, FrontendMessage... messages) throws IOException {
        client.send(messages);
        List<String> replies = new ArrayList<>();
        do {
            replies.add(client.read().toString());
        } while (!replies.getLast().startsWith("ReadyForQuery"));
        return replies;
    }

    /// A server that is being shut down goes on answering on connections that it has not come to yet; a smart shutdown makes that moment as long
    /// as the test likes.
    @Test
    void who_is_sent_away_by_a_server_that_shuts_down_stays_though_its_idle_connections_answer() throws Exception {
        try (TestProxy proxy = proxy("strict"); Connection reading = proxy.connect(); Connection other = proxy.connect(); Connection superuser = postgres.connectAsSuperuser("app")) {
            var both = List.of(Meanwhile.asks(() -> TestProxy.value(reading, "select pg_sleep(0.3)")), Meanwhile.asks(() -> TestProxy.value(other, "select pg_sleep(0.3)")));
            for (var each : both) each.get(90, TimeUnit.SECONDS);   // two backends: one will be idle
            var read = Meanwhile.asks(() -> TestProxy.value(reading, "select count(*) from generate_series(1, 20000001)"));
            String sleeper = "from pg_stat_activity where query like '%(1, 20000001)%' and usename = 'app' and state = 'active'";
            await().until(() -> TestProxy.value(superuser, "select count(*) " + sleeper).equals("1"));
            TestProxy.execute(superuser, "copy (select 1) to program 'kill -TERM $(head -1 postmaster.pid)'");
            await().until(() -> {
                try (Connection late = postgres.connectAsSuperuser("app")) {
                    return late.isClosed();
                } catch (SQLException refused) {
                    return refused.getSQLState().equals("57P03");
                }
            });
            assertThat(TestProxy.value(superuser, "select count(pg_terminate_backend(pid)) " + sleeper)).isEqualTo("1");
            superuser.close();
            await().until(() -> proxy.server().clusters().get("main").hold() instanceof Hold.Holding(_, var why) && why == HoldReason.PRIMARY_LOST);
            postgres.stop();
            postgres.startAgain();
            assertThat(read.get(90, TimeUnit.SECONDS)).isEqualTo("20000001");
            assertThat(TestProxy.value(other, "select 'here'")).isEqualTo("here");
        }
    }

    @Test
    void a_session_that_an_administrator_ends_on_a_server_that_lives_on_is_ended() throws Exception {
        try (TestProxy proxy = proxy("strict"); Connection ended = proxy.connect(); Connection other = proxy.connect()) {
            assertThat(TestProxy.value(other, "select 'other'")).isEqualTo("other");
            var read = Meanwhile.asks(() -> TestProxy.value(ended, "select count(*) from generate_series(1, 2000000002)"));
            await().until(() -> postgres.query("select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%(1, 2000000002)%' and usename = 'app' and state = 'active'").equals("1"));
            assertThatThrownBy(() -> read.get(90, TimeUnit.SECONDS)).hasRootCauseInstanceOf(SQLException.class)
                    .rootCause().isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P01"));
            assertThat(TestProxy.value(other, "select 'other'")).isEqualTo("other");
        }
    }
}
