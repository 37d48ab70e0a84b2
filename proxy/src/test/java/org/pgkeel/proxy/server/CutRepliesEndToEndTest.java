package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// The answer to a write is cut on its way, and the connection ends as politely as if the server had ended it. The write is committed all the same.
class CutRepliesEndToEndTest {
    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table kept (x int)", "grant all on kept to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(CuttingLink link, String outcome) {
        return TestProxy.startAt(link.address(), TestProxy.PLAIN_USERS, """
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = %s, tls.mode = disable }
                databases."*".pool { max = 1 }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, outcome));
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void half_a_message_and_the_end_is_no_proof_that_nothing_was_committed(String protocol) throws Exception {
        postgres.execute("truncate kept");
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "pipelined");
                Connection client = proxy.connect("preferQueryMode", protocol)) {
            TestProxy.execute(client, "insert into kept values (1)");
            link.cutNextReplyAfter(3);
            assertThatThrownBy(() -> TestProxy.execute(client, "insert into kept values (2)"))
                    .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08007"));
            assertThat(link.hasCut()).isTrue();
            await().until(() -> postgres.query("select count(*) from kept where x = 2").equals("1"));
            TestProxy.execute(client, "insert into kept values (3)");
            assertThat(postgres.query("select string_agg(x::text, ' ' order by x) from kept")).isEqualTo("1 2 3");
        }
    }

    @Test
    void strict_finds_out() throws Exception {
        postgres.execute("truncate kept");
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "strict"); Connection client = proxy.connect()) {
            TestProxy.execute(client, "insert into kept values (1)");
            for (int bytes = 1; bytes <= 4; bytes++) {
                link.cutNextReplyAfter(bytes);
                TestProxy.execute(client, "insert into kept values (" + (bytes + 1) + ")");
                assertThat(link.hasCut()).isTrue();
            }
            assertThat(postgres.query("select count(*) || ' ' || count(distinct x) from kept")).isEqualTo("5 5");
        }
    }

    /// In the replies to BEGIN, to the text, to the question and to COMMIT.
    @Test
    void strict_finds_out_of_a_text_of_several_commands_wherever_it_is_cut() throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        postgres.execute("create table texts (x int)", "grant all on texts to app");
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "strict"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            Replies.ask(client, "insert into texts values (0); insert into texts values (0)");
            int texts = 1;
            for (int bytes = 0; link.hasCut(); bytes += 1 + random.nextInt(9), texts++) {
                link.cutNextReplyAfter(bytes);
                assertThat(Replies.ask(client, "insert into texts values (" + texts + "); select 'text " + texts + "'; insert into texts values (" + texts + ")"))
                        .as("after %s bytes, -Dpgkeel.seed=%s", bytes, seed).isEqualTo(List.of("INSERT 0 1", "row text " + texts, "SELECT 1", "INSERT 0 1", "ready IDLE"));
            }
            assertThat(texts).as("the last one was not cut").isGreaterThan(15);
            assertThat(postgres.query("select count(*) || ' ' || count(distinct x) from texts")).isEqualTo(2 * texts + " " + texts);
        }
    }

    /// In the replies to the text, to the question and to its COMMIT.
    @Test
    void strict_finds_out_of_a_text_that_ends_with_commit_wherever_it_is_cut() throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        postgres.execute("create table blocks (x int)", "grant all on blocks to app");
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "strict"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            Replies.ask(client, "insert into blocks values (0); insert into blocks values (0)");
            int texts = 1;
            for (int bytes = 0; link.hasCut(); bytes += 1 + random.nextInt(9), texts++) {
                link.cutNextReplyAfter(bytes);
                assertThat(Replies.ask(client, "begin; insert into blocks values (" + texts + "), (" + texts + "); select 'text " + texts + "'; commit"))
                        .as("after %s bytes, -Dpgkeel.seed=%s", bytes, seed).isEqualTo(List.of("BEGIN", "INSERT 0 2", "row text " + texts, "SELECT 1", "COMMIT", "ready IDLE"));
            }
            assertThat(texts).as("the last one was not cut").isGreaterThan(15);
            assertThat(postgres.query("select count(*) || ' ' || count(distinct x) from blocks")).isEqualTo(2 * texts + " " + texts);
        }
    }

    /// A client that sends several requests before it reads: whichever of their replies is lost, each of its rows is there once, or not at all.
    @ParameterizedTest
    @ValueSource(strings = {"off", "pipelined", "strict"})
    void what_was_sent_without_waiting_for_replies_never_runs_twice(String outcome) throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        postgres.execute("drop table if exists ahead", "create table ahead (x int)", "grant all on ahead to app");
        List<List<String>> requests = List.of(
                List.of("select 1", "insert into ahead values (%1$s)"),
                List.of("insert into ahead values (%1$s)", "insert into ahead values (-%1$s)"),
                List.of("select 1/0", "insert into ahead values (%1$s)"),
                List.of("begin", "insert into ahead values (%1$s)", "commit"),
                List.of("begin", "insert into ahead values (%1$s)", "insert into ahead values (-%1$s); commit"),
                List.of("begin", "insert into ahead values (-%1$s)", "rollback; insert into ahead values (%1$s)"),
                List.of("begin", "insert into ahead values (-%1$s)", "rollback; begin; rollback; insert into ahead values (%1$s)"),
                List.of("begin; rollback; insert into ahead values (%1$s)"),
                List.of("begin; insert into ahead values (%1$s); commit", "insert into ahead values (-%1$s)"),
                List.of("begin; insert into ahead values (%1$s); commit and chain", "insert into ahead values (-%1$s); commit"));
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, outcome)) {
            int number = 0;
            for (List<String> texts : requests) {
                for (int i = 0; i < 6; i++) {
                    number++;
                    try (WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                        Replies.ask(client, "select 1");
                        // An end between two messages is a proof of its own in `pipelined`.
                        link.cutNextReplyAfter(outcome.equals("pipelined") ? 1 + random.nextInt(4) : random.nextInt(40));
                        for (String text : texts) client.send(new Query(text.formatted(number)));
                        for (String _ : texts) Replies.untilReady(client);
                        Replies.ask(client, "rollback");
                    }
                }
            }
        }
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where usename = 'app'").equals("0"));
        assertThat(postgres.query("select string_agg(x::text, ' ') from (select x from ahead group by x having count(*) > 1) twice")).as("-Dpgkeel.seed=%s", seed).isNull();
    }

    /// A statement that only reads is done again, wherever its reply is cut: what the server sent at once, and did not come as a whole, the client never had.
    @ParameterizedTest
    @ValueSource(strings = {"off", "pipelined", "strict"})
    void a_client_that_reads_does_not_notice_where_a_reply_is_cut(String outcome) throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        List<String> values = IntStream.rangeClosed(1, 100).mapToObj(n -> n + "x".repeat(50)).toList();
        String read = "values ('" + String.join("'), ('", values) + "')";
        List<String> reply = Stream.concat(values.stream().map(value -> "row " + value), Stream.of("SELECT 100", "ready IDLE")).toList();
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, outcome); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            assertThat(Replies.ask(client, read)).isEqualTo(reply);
            int cuts = 0;
            for (int bytes = 0; link.hasCut(); bytes += 1 + random.nextInt(200), cuts++) {
                link.cutNextReplyAfter(bytes);
                assertThat(Replies.ask(client, read)).as("after %s bytes, -Dpgkeel.seed=%s", bytes, seed).isEqualTo(reply);
            }
            assertThat(cuts).as("the last one was not cut").isGreaterThan(20);
        }
    }
}
