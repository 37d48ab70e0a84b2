package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.proxy.wire.WireClient;

/// No synchronous standby is there, and an administrator cancels what waits for one: the server calls that a success, with a warning.
final class UnreplicatedCommitEndToEndTest {
    private static final String WAIT = " from pg_stat_activity where wait_event = 'SyncRep' and ";
    private static final String CLIENT = "query not like '%emit_message%'";
    private static final String CONFIRMATION = "query like '%emit_message%'";
    private static final String COALESCE = "runtime.event-loops = 1\ncoalesce = [ { table = public.kept, max-delay = 2s } ]\n";

    private ReplicatedPostgres postgres;

    @BeforeEach
    void begin() {
        postgres = new ReplicatedPostgres(0);
        postgres.execute("create table kept (what text)", "alter role app set synchronous_commit = 'on'");
    }

    @AfterEach
    void end() {
        postgres.close();
    }

    @ParameterizedTest
    @CsvSource({"strict, simple, false", "strict, extended, false", "strict, extended, true", "pipelined, extended, false", "pipelined, simple, true"})
    void the_client_hears_of_success_when_a_standby_has_it(String outcome, String queryMode, boolean inTransaction) throws Exception {
        try (TestProxy proxy = proxy(outcome, ""); Connection client = proxy.connect("preferQueryMode", queryMode)) {
            client.setAutoCommit(!inTransaction);
            if (inTransaction) TestProxy.execute(client, "insert into kept values ('once')");
            waitForStandby("nobody");
            var written = Meanwhile.does(inTransaction ? client::commit : () -> TestProxy.execute(client, "insert into kept values ('once')"));
            cancel(CLIENT);
            await().atMost(Duration.ofSeconds(30)).until(() -> !waiting(CONFIRMATION).isEmpty());
            String first = waiting(CONFIRMATION);
            cancel(CONFIRMATION);
            await().atMost(Duration.ofSeconds(30)).until(() -> !waiting(CONFIRMATION).isEmpty() && !waiting(CONFIRMATION).equals(first));
            assertThat(written).as("nobody but the primary has it").isNotDone();
            waitForStandby("");
            assertThat(written.get(60, TimeUnit.SECONDS)).isEqualTo("ok");
            assertThat(postgres.query("select count(*) from kept")).isEqualTo("1");
        }
    }

    /// A server does not notice that it was given up while it waits for a standby, and has places for a hundred.
    @Test
    void a_confirmation_that_was_given_up_is_ended() throws Exception {
        try (TestProxy proxy = proxy("strict", ""); Connection client = proxy.connect("preferQueryMode", "simple")) {
            var written = writeAndCancel(client);
            var asked = new HashSet<String>();
            await().atMost(Duration.ofSeconds(50)).until(() -> {
                String last = waiting(CONFIRMATION);
                return !last.isEmpty() && asked.add(last) && asked.size() == 4;
            });
            assertThat(waiters(CONFIRMATION)).isLessThan(4);
            waitForStandby("");
            assertThat(written.get(60, TimeUnit.SECONDS)).isEqualTo("ok");
        }
    }

    /// One row alone, and two that share a commit.
    @Test
    void rows_that_share_a_commit_too() throws Exception {
        try (TestProxy proxy = proxy("strict", COALESCE); Connection one = proxy.connect("preferQueryMode", "simple"); Connection two = proxy.connect("preferQueryMode", "simple");
                Connection three = proxy.connect("preferQueryMode", "simple")) {
            await().until(() -> {
                TestProxy.execute(one, "insert into kept values ('before')");
                return proxy.coalesced().alone() > 0;
            });
            waitForStandby("nobody");
            var alone = Meanwhile.does(() -> TestProxy.execute(one, "insert into kept values ('once')"));
            await().until(() -> waiters(CLIENT) == 1);
            var together = List.of(Meanwhile.does(() -> TestProxy.execute(two, "insert into kept values ('once')")), Meanwhile.does(() -> TestProxy.execute(three, "insert into kept values ('once')")));
            await().until(() -> waiters(CLIENT) >= 2);
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                postgres.query("select count(pg_cancel_backend(pid))" + WAIT + CLIENT);
                return waiters(CLIENT) == 0 && waiters(CONFIRMATION) == 1;
            });
            assertThat(together).as("nobody but the primary has them").noneMatch(Future::isDone);
            waitForStandby("");
            assertThat(alone.get(60, TimeUnit.SECONDS)).isEqualTo("ok");
            for (var each : together) assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo("ok");
            assertThat(postgres.query("select count(*) from kept where what = 'once'")).isEqualTo("3");
            assertThat(proxy.coalesced().batches()).isPositive();
        }
    }

    /// Its replies up to the commit came with the warning.
    @Test
    void a_prepared_transaction_that_is_committed_has_each_reply_once() throws Exception {
        try (TestProxy proxy = proxy("strict", ""); Connection preparing = proxy.connect("preferQueryMode", "simple"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            TestProxy.execute(preparing, "begin", "insert into kept values ('once')", "prepare transaction 'p'");
            waitForStandby("nobody");
            var answered = Meanwhile.asks(() -> {
                client.send(new Parse("", "commit prepared 'p'", List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Describe(Target.PORTAL, ""), new Execute("", 0), Sync.INSTANCE);
                return types(client);
            });
            cancel(CLIENT);
            await().atMost(Duration.ofSeconds(30)).until(() -> waiters(CONFIRMATION) == 1);
            waitForStandby("");
            assertThat(answered.get(60, TimeUnit.SECONDS)).containsExactly("ParseComplete", "BindComplete", "NoData", "CommandComplete", "ReadyForQuery");
            assertThat(postgres.query("select count(*) from kept")).isEqualTo("1");
        }
    }

    private static List<String> types(WireClient client) throws IOException {
        var types = new ArrayList<String>();
        do types.add(client.read().getClass().getSimpleName()); while (!types.getLast().equals("ReadyForQuery"));
        return types;
    }

    /// It has no mark that could be found again, and is not done again each time that somebody cancels it.
    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void maintenance_ends_as_the_server_says(String queryMode) throws Exception {
        try (TestProxy proxy = proxy("strict", ""); Connection client = proxy.connect("preferQueryMode", queryMode)) {
            postgres.execute("insert into kept values ('once')");
            waitForStandby("nobody");
            var done = Meanwhile.does(() -> TestProxy.execute(client, "vacuum (analyze) kept"));
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                postgres.query("select count(pg_cancel_backend(pid))" + WAIT + CLIENT);
                return done.isDone();
            });
            assertThat(done.get()).isEqualTo("ok");
            await().until(() -> !postgres.query("select analyze_count from pg_stat_user_tables where relname = 'kept'").equals("0"));
            assertThat(postgres.query("select analyze_count from pg_stat_user_tables where relname = 'kept'")).isEqualTo("1");
        }
    }

    /// As without a proxy: PostgreSQL warns, and says that it is done.
    @Test
    void who_does_not_ask_for_outcomes_has_what_the_server_says() throws Exception {
        try (TestProxy proxy = proxy("off", ""); Connection client = proxy.connect("preferQueryMode", "simple")) {
            var written = writeAndCancel(client);
            assertThat(written.get(60, TimeUnit.SECONDS)).isEqualTo("ok");
        }
    }

    /// @return what the client is told of a commit whose wait was cancelled
    private Future<String> writeAndCancel(Connection client) {
        waitForStandby("nobody");
        var written = Meanwhile.does(() -> TestProxy.execute(client, "insert into kept values ('once')"));
        cancel(CLIENT);
        return written;
    }

    private TestProxy proxy(String outcome, String more) throws Exception {
        TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + "clusters.main.outcome = " + outcome + "\n" + more);
        await().until(() -> proxy.server().clusters().get("main").primary() != null);
        return proxy;
    }

    private void waitForStandby(String name) {
        postgres.primary().execute("postgres", "alter system set synchronous_standby_names = '" + name + "'", "select pg_reload_conf()");
        await().until(() -> postgres.query("show synchronous_standby_names").equals(name));
    }

    private String waiting(String whose) {
        return postgres.query("select coalesce(max(xact_start::text), '')" + WAIT + whose);
    }

    private int waiters(String whose) {
        return Integer.parseInt(postgres.query("select count(*)" + WAIT + whose));
    }

    private void cancel(String whose) {
        await().atMost(Duration.ofSeconds(30)).until(() -> !waiting(whose).isEmpty());
        postgres.query("select count(pg_cancel_backend(pid))" + WAIT + whose);
    }
}
