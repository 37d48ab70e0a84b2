package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.protocol.backend.CopyInResponse;
import org.pgkeel.protocol.backend.ParseComplete;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Flush;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.wire.WireClient;

/// The configuration changes while a commit is under way whose server is then lost, or already is.
final class ReloadedOutcomesEndToEndTest {
    private static final String WATCHED = """
            clusters.main { nodes = ["%s"], monitor { user = postgres }, outcome = %s, hold.max-wait = 20s }
            """;
    private static final String UNWATCHED = "clusters.main.nodes = [\"%s\"]\n";
    private static final String OTHER = "clusters.main { outcome = strict, hold.max-wait = %s }\n";

    private static Connection inTransaction(TestProxy proxy, String sql) throws SQLException {
        Connection client = proxy.connect("preferQueryMode", "simple");
        client.setAutoCommit(false);
        TestProxy.execute(client, sql);
        return client;
    }

    @Test
    void a_transaction_whose_beginning_nobody_watched_is_not_taken_for_one_that_wrote_nothing() throws Exception {
        try (var postgres = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            postgres.execute("create table kept (what text)");
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, WATCHED.formatted(link.address(), "off"))) {
                Connection client = inTransaction(proxy, "insert into kept values ('lost')");
                assertThat(proxy.reload(WATCHED.formatted(link.address(), "strict"))).isEmpty();
                await().until(() -> proxy.server().clusters().get("main").primary() != null);
                link.stopAt("COMMIT", SteppingLink.Held.REQUESTS);
                var committed = Meanwhile.does(client::commit);
                link.awaitStopped();
                link.cut();
                assertThat(committed.get(90, TimeUnit.SECONDS)).isEqualTo("08007");
                assertThat(postgres.query("select count(*) from kept")).isEqualTo("0");
                client.close();
            }
        }
    }

    /// Of what it asked nothing was kept: nobody knows what it was.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_was_asked_before_anybody_watched_is_answered_all_the_same(boolean autocommit) throws Exception {
        try (var postgres = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            postgres.execute("create table kept (what text)");
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, UNWATCHED.formatted(link.address())); Connection client = inTransaction(proxy, "insert into kept values ('kept')")) {
                if (autocommit) {
                    client.rollback();
                    client.setAutoCommit(true);
                }
                link.stopAt(autocommit ? "insert" : "COMMIT", SteppingLink.Held.REPLIES);
                var asked = Meanwhile.does(autocommit ? () -> TestProxy.execute(client, "insert into kept values ('kept')") : client::commit);
                link.awaitStopped();
                await().until(() -> postgres.query("select count(*) from kept").equals("1"));
                assertThat(proxy.reload(WATCHED.formatted(link.address(), "strict"))).isEmpty();
                await().until(() -> proxy.server().clusters().get("main").primary() != null);
                link.cut();
                assertThat(asked.get(30, TimeUnit.SECONDS)).isEqualTo("08007");
                client.setAutoCommit(true);
                assertThat(TestProxy.value(client, "select count(*) from kept")).as("its next transaction").isEqualTo("1");
            }
        }
    }

    @Test
    void an_open_batch_that_was_begun_before_anybody_watched_is_answered_all_the_same() throws Exception {
        try (var postgres = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, UNWATCHED.formatted(link.address())); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                link.stopAt("as open", SteppingLink.Held.REPLIES);
                client.send(new Parse("named", "select 1 as open", List.of()), new Bind("", "named", List.of(), List.of(), List.of()), new Execute("", 0), Flush.INSTANCE);
                link.awaitStopped();
                assertThat(proxy.reload(WATCHED.formatted(link.address(), "strict"))).isEmpty();
                await().until(() -> proxy.server().clusters().get("main").primary() != null);
                link.cut();
                client.send(Sync.INSTANCE);
                assertThat(Replies.untilReady(client)).as("an error, and no answer to an empty batch").hasSizeGreaterThan(1);
            }
        }
    }

    /// The proxy has its Sync, and it waits for the server to say that it takes data.
    @Test
    void a_copy_hears_that_the_server_takes_its_data_though_nobody_watches_any_more() throws Exception {
        try (var postgres = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            postgres.execute("create table kept (what text)");
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, WATCHED.formatted(link.address(), "strict")); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                link.stopAt("copy kept", SteppingLink.Held.REPLIES);
                client.send(new Parse("", "copy kept from stdin", List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Execute("", 0), Sync.INSTANCE);
                link.awaitStopped();
                assertThat(proxy.reload(UNWATCHED.formatted(link.address()))).isEmpty();
                link.goOn();
                while (!(client.read() instanceof CopyInResponse)) { }
                client.send(new CopyData(Octets.ofText("row\n")), CopyDone.INSTANCE, Sync.INSTANCE);
                assertThat(Replies.untilReady(client)).contains("COPY 1");
                assertThat(postgres.query("select count(*) from kept")).isEqualTo("1");
            }
        }
    }

    @Test
    void a_name_that_was_given_while_the_watch_ended_is_kept_when_a_server_is_lost_later() throws Exception {
        try (var postgres = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            String watched = WATCHED.formatted(link.address(), "strict");
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, watched); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                client.send(new Parse("named", "select 'mine'", List.of()), Flush.INSTANCE);
                while (!(client.read() instanceof ParseComplete)) { }
                assertThat(proxy.reload(UNWATCHED.formatted(link.address()))).isEmpty();
                client.send(Sync.INSTANCE);
                Replies.untilReady(client);
                assertThat(proxy.reload(watched)).isEmpty();
                await().until(() -> proxy.server().clusters().get("main").primary() != null);
                link.stopAt("'lost'", SteppingLink.Held.REPLIES);
                var asked = Replies.asks(client, new Query("select 'lost'"));
                link.awaitStopped();
                link.cut();
                assertThat(asked.get(60, TimeUnit.SECONDS)).contains("row lost");
                client.send(new Bind("", "named", List.of(), List.of(), List.of()), new Execute("", 0), Sync.INSTANCE);
                assertThat(Replies.untilReady(client)).contains("row mine");
            }
        }
    }

    /// Its client has sent no BEGIN: without the proxy's COMMIT nothing of it stays.
    @Test
    void what_runs_in_a_block_of_the_proxys_own_is_committed_though_nobody_watches_any_more() throws Exception {
        try (var postgres = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            postgres.execute("create table kept (what text)");
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, WATCHED.formatted(link.address(), "strict")); Connection client = proxy.connect()) {
                link.stopAt("pgkeel_xn\0", SteppingLink.Held.REPLIES);
                var done = Meanwhile.does(() -> TestProxy.execute(client, "do $$ begin insert into kept values ('done'); end $$"));
                link.awaitStopped();
                assertThat(proxy.reload(UNWATCHED.formatted(link.address()))).isEmpty();
                link.goOn();
                assertThat(done.get(90, TimeUnit.SECONDS)).isEqualTo("ok");
                assertThat(postgres.query("select count(*) from kept")).isEqualTo("1");
            }
        }
    }

    @Test
    void a_reload_while_there_is_no_primary_makes_no_outcome_unknown() throws Exception {
        try (var postgres = new ReplicatedPostgres(1)) {
            PostgresServer standby = postgres.replica(0);
            postgres.execute("create table kept (what text)", "alter database app set synchronous_commit = on");
            postgres.awaitReplayed(standby);
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + OTHER.formatted("20s"));
                    Connection writing = proxy.connect("preferQueryMode", "simple"); Connection committing = inTransaction(proxy, "insert into kept values ('committing')")) {
                TestProxy.execute(writing, "insert into kept values ('before')");
                postgres.awaitReplayed(standby);
                standby.execute("postgres", "alter system set primary_conninfo = ''", "select pg_reload_conf()");
                await().until(() -> standby.query("postgres", "select count(*) from pg_stat_wal_receiver").equals("0"));
                postgres.primary().execute("postgres", "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()");
                await().until(() -> postgres.query("show synchronous_standby_names").equals("*"));
                var written = Meanwhile.does(() -> TestProxy.execute(writing, "insert into kept values ('written')"));
                var committed = Meanwhile.does(committing::commit);
                await().until(() -> postgres.query("select count(*) from pg_stat_activity where wait_event = 'SyncRep' and backend_type = 'client backend'").equals("2"));

                postgres.primary().kill();
                await().until(() -> proxy.server().clusters().get("main").hold() instanceof Hold.Holding && proxy.server().outcomes().snapshots().getFirst().open() == 2);
                assertThat(proxy.reload(postgres.cluster() + OTHER.formatted("21s"))).isEmpty();
                standby.execute("postgres", "select pg_promote()");

                assertThat(written.get(90, TimeUnit.SECONDS)).as("it is written once more").isEqualTo("ok");
                assertThat(committed.get(90, TimeUnit.SECONDS)).isEqualTo("40001");
                assertThat(standby.query("app", "select string_agg(what, ' ' order by what) from kept")).isEqualTo("before written");
            }
        }
    }

    @Test
    void what_ran_on_other_servers_than_there_are_now_is_unknown() throws Exception {
        try (var before = new ReplicatedPostgres(0); var after = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", before.primary().settings().port())) {
            before.execute("create table kept (what text)");
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, WATCHED.formatted(link.address(), "strict"));
                    Connection client = inTransaction(proxy, "insert into kept values ('there')")) {
                link.stopAt("COMMIT", SteppingLink.Held.REPLIES);
                var committed = Meanwhile.does(client::commit);
                link.awaitStopped();
                await().until(() -> before.query("select count(*) from kept").equals("1"));
                assertThat(proxy.reload(WATCHED.formatted("127.0.0.1:" + after.primary().settings().port(), "strict"))).isEmpty();
                assertThat(committed.get(90, TimeUnit.SECONDS)).isEqualTo("08007");
                assertThat(TestProxy.value(client, "select inet_server_port()")).isEqualTo(String.valueOf(after.primary().settings().port()));
                client.rollback();
            }
        }
    }
}
