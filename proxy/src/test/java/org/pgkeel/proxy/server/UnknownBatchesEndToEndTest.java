package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Flush;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// A client sends several batches before it reads, and their server is lost. Whether they are known word for word or not, each is answered once.
class UnknownBatchesEndToEndTest {
    /// Longer than what is kept.
    private static final String LONG = "x".repeat(1100);
    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table done (x text)", "grant all on done to app");
    }

    @BeforeEach
    void nothingIsDone() {
        postgres.execute("truncate done");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(SteppingLink link, String outcome) {
        return TestProxy.startAt(link.address(), TestProxy.PLAIN_USERS, """
                runtime.event-loops = 1
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = %s, tls.mode = disable }
                databases."*".pool { max = 1, max-wait = 60s }
                limits.rerun-bytes = 1KiB
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, outcome));
    }

    private static Query insert(String x) {
        return new Query("insert into done values ('" + x + "')");
    }

    private static Parse parse(String sql) {
        return new Parse("", sql, List.of());
    }

    private static Bind bind() {
        return new Bind("", "", List.of(), List.of(), List.of());
    }

    private static Execute execute() {
        return new Execute("", 0);
    }

    private static void awaitSeen(String text) {
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where usename = 'app' and query like '%" + text + "%'").equals("1"));
    }

    private static List<String> untilReady(WireClient client) throws Exception {
        return Meanwhile.asks(() -> Replies.untilReady(client)).get(60, TimeUnit.SECONDS);
    }

    private static List<String> ask(WireClient client, String sql) throws Exception {
        return Meanwhile.asks(() -> Replies.ask(client, sql)).get(60, TimeUnit.SECONDS);
    }

    /// The head of the batch is lost, so its tail does not run.
    private static void assertTailIsRefused(WireClient client) throws Exception {
        client.send(parse("insert into done values ('tail')"), bind(), execute(), Sync.INSTANCE);
        assertThat(untilReady(client)).containsExactly("error 08007", "ready IDLE");
        assertThat(ask(client, "select 1")).containsExactly("row 1", "SELECT 1", "ready IDLE");
        assertThat(postgres.query("select count(*) from done where x = 'tail'")).isEqualTo("0");
    }

    @Test
    void the_rest_of_a_batch_that_was_begun_does_not_run_without_its_beginning() throws Exception {
        try (var link = new SteppingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "off"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            Replies.ask(client, "select 1");
            link.stopAt("insert into done", SteppingLink.Held.REPLIES);
            client.send(insert(LONG), parse("insert into done values ('head')"), bind(), execute());
            link.awaitStopped();
            awaitSeen("head");
            link.cut();
            assertThat(untilReady(client)).containsExactly("error 08007", "ready IDLE");
            assertTailIsRefused(client);
        }
    }

    @Test
    void what_was_sent_behind_a_batch_that_had_failed_is_answered() throws Exception {
        try (var link = new SteppingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "off"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            Replies.ask(client, "select 1");
            link.stopAt("insert into missing", SteppingLink.Held.REPLIES);
            client.send(new Query("insert into missing values ('" + LONG + "')"), insert("behind"), parse("insert into done values ('head')"), bind(), execute());
            link.awaitStopped();
            awaitSeen("head");
            await().until(() -> link.held().length > 0);
            int error = 1 + ByteBuffer.wrap(link.held()).getInt(1);
            assertThatThrownBy(() -> link.goOn(error, () -> {
                assertThat(Replies.error(client)).isEqualTo("42P01");
                link.cut();
            })).isInstanceOf(IOException.class);
            assertThat(untilReady(client)).containsExactly("ready IDLE");
            assertThat(untilReady(client)).containsExactly("error 08007", "ready IDLE");
            assertTailIsRefused(client);
        }
    }

    /// A transaction's long write and its end go in one batch, and their server is lost when that is done.
    /// @param done a query that tells `1` then
    /// @return what the client hears
    private static List<String> loseBehind(String outcome, String end, String done) throws Exception {
        try (var link = new SteppingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, outcome); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            assertThat(Replies.ask(client, "begin")).endsWith("ready IN_TRANSACTION");
            link.stopAt("S\0\0\0\4", SteppingLink.Held.REPLIES);
            client.send(parse("insert into done values ('" + LONG + "')"), bind(), execute(), parse(end), bind(), execute(), Sync.INSTANCE);
            link.awaitStopped();
            await().until(() -> postgres.query(done).equals("1"));
            link.cut();
            List<String> heard = untilReady(client);
            assertThat(ask(client, "select 1")).containsExactly("row 1", "SELECT 1", "ready IDLE");
            return heard;
        }
    }

    @Test
    void a_commit_whose_replies_cannot_be_written_is_not_answered_without_them() throws Exception {
        assertThat(loseBehind("strict", "commit", "select count(*) from done")).endsWith("error 08007", "ready IDLE");
    }

    @Test
    void a_commit_that_nobody_followed_is_not_told_to_be_rolled_back() throws Exception {
        assertThat(loseBehind("off", "commit", "select count(*) from done")).containsExactly("error 08007", "ready IDLE");
    }

    @Test
    void a_transaction_that_may_have_been_prepared_is_not_told_to_be_rolled_back() throws Exception {
        try {
            assertThat(loseBehind("off", "prepare transaction 'unknown'", "select count(*) from pg_prepared_xacts")).containsExactly("error 08007", "ready IDLE");
        } finally {
            postgres.execute("rollback prepared 'unknown'");
        }
    }

    @Test
    void a_commit_that_was_flushed_and_that_nobody_followed_is_not_told_to_be_rolled_back() throws Exception {
        try (var link = new SteppingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "off"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            Replies.ask(client, "select 1");
            link.stopAt("H\0\0\0\4", SteppingLink.Held.REPLIES);
            client.send(parse("begin"), bind(), execute(), parse("insert into done values ('" + LONG + "')"), bind(), execute(), parse("commit"), bind(), execute(), Flush.INSTANCE);
            link.awaitStopped();
            await().until(() -> postgres.query("select count(*) from done").equals("1"));
            link.cut();
            client.send(Sync.INSTANCE);
            assertThat(untilReady(client)).containsExactly("error 08007", "ready IDLE");
        }
    }

    @Test
    void a_long_statement_in_a_transaction_whose_end_was_not_sent_was_rolled_back() throws Exception {
        try (var link = new SteppingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "off"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            assertThat(Replies.ask(client, "begin")).endsWith("ready IN_TRANSACTION");
            link.stopAt("insert into done", SteppingLink.Held.REPLIES);
            client.send(insert(LONG));
            link.awaitStopped();
            awaitSeen("insert into done");
            link.cut();
            assertThat(untilReady(client)).containsExactly("error 40001", "ready FAILED");
            assertThat(ask(client, "rollback")).containsExactly("ROLLBACK", "ready IDLE");
        }
    }

    @Test
    void a_flush_behind_the_last_batch_begins_none() throws Exception {
        try (var link = new SteppingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "off"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            Replies.ask(client, "select 1");
            link.stopAt("insert into done", SteppingLink.Held.REPLIES);
            client.send(insert("one"), insert("two"), Flush.INSTANCE);
            link.awaitStopped();
            awaitSeen("two");
            link.cut();
            assertThat(untilReady(client)).containsExactly("error 08007", "ready IDLE");
            assertThat(untilReady(client)).containsExactly("error 08007", "ready IDLE");
            assertThat(ask(client, "select 1")).containsExactly("row 1", "SELECT 1", "ready IDLE");
        }
    }
}
