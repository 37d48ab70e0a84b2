package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/// `strict`: whatever a transaction has done, and however a command commits by itself, its client hears what became of it, and it is done once. The server is
/// lost with its commit on the way to it, or done and not answered. What was done is an insert of a number, or a notification of it.
class ExactCommitsEndToEndTest {
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static final String SYNC = "S\0\0\0\4";
    private static PostgresFixture postgres;
    private static Connection listener;

    @BeforeAll
    static void start() throws SQLException {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table numbers (x int)", "grant all on numbers to app",
                "create procedure put(x int) language plpgsql as $$ begin insert into numbers values (x); end $$");
        listener = postgres.connect();
        try (Statement listens = listener.createStatement()) {
            listens.execute("listen numbers");
        }
    }

    @AfterAll
    static void stop() throws SQLException {
        listener.close();
        postgres.close();
    }

    private static SteppingLink link() throws IOException {
        return new SteppingLink(postgres.host(), postgres.port());
    }

    /// How often the number was inserted, and notified.
    private static int done(int number) throws SQLException {
        int times = Integer.parseInt(postgres.query("select count(*) from numbers where x = " + number));
        for (String heard : notifications()) {
            if (heard.equals(String.valueOf(number))) times++;
        }
        return times;
    }

    private static final List<String> NOTIFIED = new ArrayList<>();

    /// All that was notified so far.
    private static List<String> notifications() throws SQLException {
        String mark = "mark " + NUMBERS.incrementAndGet();
        postgres.execute("notify numbers, '" + mark + "'");
        while (!NOTIFIED.contains(mark)) {
            PGNotification[] came = listener.unwrap(PGConnection.class).getNotifications(10_000);
            for (PGNotification each : came == null ? new PGNotification[0] : came) NOTIFIED.add(each.getParameter());
        }
        return NOTIFIED;
    }

    // --- transactions

    @ParameterizedTest
    @ValueSource(strings = {
        "insert into numbers values (%s)", "call put(%s)", "do $$ begin call put(%s); end $$", "insert into numbers values (%s)|analyze numbers",
        "notify numbers, '%s'", "select pg_notify('numbers', '%s')", "select 1|notify numbers, '%s'", "savepoint a|notify numbers, '%s'|release a",
        "insert into numbers values (%s)|notify others", "listen others|insert into numbers values (%s)"})
    void a_transaction_is_told_what_became_of_its_commit(String commands) throws Exception {
        for (SteppingLink.Held held : SteppingLink.Held.values()) {
            try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                int number = NUMBERS.incrementAndGet();
                Replies.ask(client, "begin");
                for (String command : commands.split("\\|")) assertThat(Replies.ask(client, command.formatted(number))).endsWith("ready IN_TRANSACTION");
                link.stopAt("commit\0", held);
                var heard = Meanwhile.asks(() -> Replies.ask(client, "commit"));
                link.awaitStopped();
                boolean commits = held == SteppingLink.Held.REPLIES;
                if (commits) await().until(() -> done(number) == 1);
                link.cut();
                assertThat(heard.get(90, TimeUnit.SECONDS)).as(held.name()).isEqualTo(commits ? List.of("COMMIT", "ready IDLE") : List.of("error 40001", "ready IDLE"));
                assertThat(done(number)).as(held.name()).isEqualTo(commits ? 1 : 0);
            }
        }
    }

    @Test
    void a_transaction_whose_first_command_may_commit_inside_elsewhere_begins_again() throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); Connection client = proxy.connect()) {
            TestProxy.execute(client, "select 1");
            int number = NUMBERS.incrementAndGet();
            client.setAutoCommit(false);
            link.stopAt("call put(" + number, SteppingLink.Held.REPLIES);   // with BEGIN in front, in one batch
            var calls = CompletableFuture.runAsync(() -> {
                try {
                    TestProxy.execute(client, "call put(" + number + ")");
                } catch (SQLException e) {
                    throw new CompletionException(e);
                }
            });
            link.awaitStopped();
            link.cut();
            calls.get(90, TimeUnit.SECONDS);
            client.commit();
            assertThat(done(number)).isEqualTo(1);
        }
    }

    // --- what commits by itself

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "notify numbers, '%s' | NOTIFY",
        "select 'noted' from pg_notify('numbers', '%s') | row noted, SELECT 1",
        "execute put(%s) | INSERT 0 1",
        "execute returning(%s) | row 7, INSERT 0 1",
        "notify numbers, '%s'; select 1 | NOTIFY, row 1, SELECT 1",
        "call put(%s); select 1 | CALL, row 1, SELECT 1"})
    void what_commits_by_itself_is_done_once_and_answered(String text, String answer) throws Exception {
        for (SteppingLink.Held held : SteppingLink.Held.values()) {
            try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                int number = NUMBERS.incrementAndGet();
                Replies.ask(client, "prepare put (int) as insert into numbers values ($1)");
                Replies.ask(client, "prepare returning (int) as insert into numbers values ($1) returning 7");
                link.stopAt(text.contains(";") ? "\0commit\0" : SYNC, held);
                var heard = Meanwhile.asks(() -> Replies.ask(client, text.formatted(number)));
                link.awaitStopped();
                if (held == SteppingLink.Held.REPLIES) await().until(() -> done(number) == 1);
                link.cut();
                var whole = new ArrayList<>(List.of(answer.split(", ")));
                whole.add("ready IDLE");
                assertThat(heard.get(90, TimeUnit.SECONDS)).as(held.name()).isEqualTo(whole);
                assertThat(done(number)).as(held.name()).isEqualTo(1);
            }
        }
    }

    /// The server lives, and its backend with it until that finds out that its client is gone.
    @ParameterizedTest
    @ValueSource(strings = {"commit prepared 'p%s'", "rollback prepared 'p%s'"})
    void the_end_of_a_prepared_transaction_is_done_once_though_its_connection_is_lost(String text) throws Exception {
        for (SteppingLink.Held held : SteppingLink.Held.values()) {
            try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                int number = NUMBERS.incrementAndGet();
                String end = text.formatted(number);
                for (String command : List.of("begin", "insert into numbers values (" + number + ")", "prepare transaction 'p" + number + "'")) Replies.ask(client, command);
                link.stopAt(end + "\0", held);
                var heard = Meanwhile.asks(() -> Replies.ask(client, end));
                link.awaitStopped();
                if (held == SteppingLink.Held.REPLIES) await().until(() -> prepared() == 0);
                link.cut();
                boolean commits = end.startsWith("commit");
                assertThat(heard.get(90, TimeUnit.SECONDS)).as(held.name()).containsExactly(commits ? "COMMIT PREPARED" : "ROLLBACK PREPARED", "ready IDLE");
                assertThat(prepared()).isZero();
                assertThat(done(number)).isEqualTo(commits ? 1 : 0);
            }
        }
    }

    private static int prepared() {
        return Integer.parseInt(postgres.query("select count(*) from pg_prepared_xacts"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"listen others", "unlisten others", "listen others; unlisten others"})
    void who_listens_hears_nothing_of_the_loss(String text) throws Exception {
        for (SteppingLink.Held held : SteppingLink.Held.values()) {
            try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                Replies.ask(client, "select 1");
                link.stopAt(text + "\0", held);
                var heard = Meanwhile.asks(() -> Replies.ask(client, text));
                link.awaitStopped();
                link.cut();
                assertThat(heard.get(90, TimeUnit.SECONDS)).as(held.name()).doesNotContain("error 08007").endsWith("ready IDLE").hasSize(text.split(";").length + 1);
                Replies.ask(client, "unlisten *");
            }
        }
    }

    // --- what fails

    /// The server would answer COMMIT with the tag ROLLBACK, which is no error.
    @Test
    void a_commit_fails_if_the_question_ahead_of_it_has_failed() throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            int number = NUMBERS.incrementAndGet();
            Replies.ask(client, "begin");
            Replies.ask(client, "insert into numbers values (" + number + ")");
            link.change(BlockStepsEndToEndTest::failingBehindExecute);
            link.stopAt("pgkeel_xl\0", SteppingLink.Held.REPLIES);
            var heard = Meanwhile.asks(() -> Replies.ask(client, "commit"));
            link.awaitStopped();
            await().until(() -> link.held().length > 0);
            link.goOn();
            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("error 34000", "ready IDLE");
            assertThat(done(number)).isZero();
            assertThat(Replies.ask(client, "insert into numbers values (" + number + ")")).containsExactly("INSERT 0 1", "ready IDLE");
        }
    }

    @Test
    void a_query_whose_commit_fails_has_not_completed_however_large_its_rows() throws Exception {
        postgres.execute("create table late (x int primary key, y int references late deferrable initially deferred)", "grant all on late to app");
        try (var link = link(); TestProxy proxy = link.strictProxy("limits.rerun-bytes = 1KiB"); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            String large = "x".repeat(5000);
            assertThat(Replies.ask(client, "insert into late values (1, 1) returning repeat('x', 5000)")).containsExactly("row " + large, "INSERT 0 1", "ready IDLE");
            assertThat(Replies.ask(client, "insert into late values (2, 3) returning repeat('x', 5000)")).containsExactly("row " + large, "error 23503", "ready IDLE");
        }
    }

    // --- half a row

    @Test
    void half_a_row_that_is_withheld_has_not_been_seen() throws Exception {
        try (var link = new CuttingLink(postgres.host(), postgres.port());
                TestProxy proxy = TestProxy.startAt(link.address(), TestProxy.PLAIN_USERS, """
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = strict, tls.mode = disable }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD));
                WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            int number = NUMBERS.incrementAndGet();
            Replies.ask(client, "insert into numbers values (0)");
            link.cutNextReplyAfter(100_000);
            assertThat(Replies.ask(client, "insert into numbers values (" + number + ") returning repeat('x', 200000)"))
                    .containsExactly("row " + "x".repeat(200_000), "INSERT 0 1", "ready IDLE");
            assertThat(link.hasCut()).isTrue();
            assertThat(done(number)).isEqualTo(1);
        }
    }

    // --- cancels

    /// What a cancel meets behind the end of a transaction is the wait for a synchronous standby, and what follows looks like a success.
    @ParameterizedTest
    @ValueSource(strings = {"insert into numbers values (%s)", "insert into numbers values (%s); select 1"})
    void a_commit_waits_for_a_cancel_that_is_on_its_way(String text) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy("databases.\"*\".pool.max = 2"); WireClient client = WireClient.ofApp(proxy.port(), Map.of());
                WireClient other = WireClient.ofApp(proxy.port(), Map.of())) {
            int number = NUMBERS.incrementAndGet();
            link.stopAt("pgkeel_xl\0", SteppingLink.Held.REPLIES);
            client.send(new Query(text.formatted(number)));
            link.awaitStopped();
            link.holdCancels();
            CompletableFuture<Void> cancels = Replies.cancels(client);
            link.awaitCancel();
            link.goOn();
            Replies.ask(other, "select 'the loop that answers has read the mark'");
            assertThat(done(number)).isZero();
            link.stopAt(text.contains(";") ? "\0commit\0" : SYNC, SteppingLink.Held.REQUESTS);
            link.releaseCancels();
            link.awaitStopped();
            link.goOn();
            assertThat(Replies.untilReady(client)).startsWith("INSERT 0 1").endsWith("ready IDLE");
            cancels.get(90, TimeUnit.SECONDS);
            assertThat(done(number)).isEqualTo(1);
        }
    }
}
