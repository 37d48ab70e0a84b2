package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.FunctionCall;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Terminate;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// `strict`: a text of several commands, or a FunctionCall, in a transaction block of the proxy's own, stopped at each of its steps: then its client
/// vanishes, or its server, or time passes.
class BlockStepsEndToEndTest {
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static PostgresFixture postgres;
    private static int function;

    /// How far the block has come.
    enum Moment {
        TEXT_ON_ITS_WAY("\0begin\0", SteppingLink.Held.REQUESTS),
        TEXT_UNANSWERED("\0begin\0", SteppingLink.Held.REPLIES),
        QUESTION_ON_ITS_WAY("pgkeel_xl\0", SteppingLink.Held.REQUESTS),
        QUESTION_UNANSWERED("pgkeel_xl\0", SteppingLink.Held.REPLIES),
        COMMIT_ON_ITS_WAY("\0commit\0", SteppingLink.Held.REQUESTS),
        COMMIT_UNANSWERED("\0commit\0", SteppingLink.Held.REPLIES);

        private final String word;
        private final SteppingLink.Held held;

        Moment(String word, SteppingLink.Held held) {
            this.word = word;
            this.held = held;
        }
    }

    /// What the client asks: it inserts a number twice.
    enum Form {
        TEXT, FUNCTION_CALL;

        FrontendMessage of(int number) {
            return switch (this) {
                case TEXT -> new Query(text(number));
                case FUNCTION_CALL -> new FunctionCall(function, List.of(), List.of(Value.ofText(String.valueOf(number))), Format.TEXT);
            };
        }

        List<String> done(int number) {
            return switch (this) {
                case TEXT -> BlockStepsEndToEndTest.done(number);
                case FUNCTION_CALL -> List.of("ready IDLE");
            };
        }
    }

    enum Ending { RST, FIN }

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        // What was acknowledged is to be there after kill -9: the fixture is quicker than safe otherwise.
        postgres.execute("create table stepped (x int)", "grant all on stepped to app", "alter database app set synchronous_commit = on",
                "create function step(x int) returns int language sql as $$ insert into stepped values (x), (x) returning 1 $$",
                "create function step_large(x int) returns text language sql as $$ insert into stepped values (x); select repeat('x', 5000) $$");
        function = Integer.parseInt(postgres.query("select 'step'::regproc::oid::int"));
        postgres.execute("checkpoint");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static String text(int number) {
        return "insert into stepped values (" + number + "); select 'text " + number + "'; insert into stepped values (" + number + ")";
    }

    private static List<String> done(int number) {
        return List.of("INSERT 0 1", "row text " + number, "SELECT 1", "INSERT 0 1", "ready IDLE");
    }

    private static int rows(int number) {
        return Integer.parseInt(postgres.query("select count(*) from stepped where x = " + number));
    }

    private static SteppingLink link() throws IOException {
        return new SteppingLink(postgres.host(), postgres.port());
    }

    /// A client whose backend knows the question.
    private static WireClient client(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        int number = NUMBERS.incrementAndGet();
        assertThat(Replies.ask(client, text(number))).isEqualTo(done(number));
        return client;
    }

    static Stream<Arguments> deaths() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Ending.values()).map(ending -> Arguments.of(moment, ending)));
    }

    static Stream<Arguments> losses() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Form.values()).map(form -> Arguments.of(moment, form)));
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void a_stop_alone_changes_nothing(Moment moment) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            client.send(new Query(text(number)));
            link.awaitStopped();
            link.goOn();
            assertThat(Replies.untilReady(client)).isEqualTo(done(number));
            assertThat(rows(number)).isEqualTo(2);
        }
    }

    // --- the client is lost

    @ParameterizedTest
    @MethodSource("deaths")
    void a_client_that_vanishes_leaves_the_whole_of_its_text_or_nothing_and_no_transaction(Moment moment, Ending ending) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            client.send(new Query(text(number)));
            link.awaitStopped();
            boolean commits = moment == Moment.COMMIT_UNANSWERED;
            if (commits) await().until(() -> rows(number) == 2);

            switch (ending) {
                case RST -> client.reset();
                case FIN -> client.vanish();
            }

            await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid).equals("0"));
            assertThat(rows(number)).isEqualTo(commits ? 2 : 0);
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                int theirs = NUMBERS.incrementAndGet();
                assertThat(Replies.ask(next, text(theirs))).isEqualTo(done(theirs));
                assertThat(Replies.ask(next, "begin; rollback")).containsExactly("BEGIN", "ROLLBACK", "ready IDLE");
                assertThat(rows(theirs)).isEqualTo(2);
            }
            assertThat(proxy.server().pools().all().iterator().next().shared().open()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void what_a_client_asked_for_before_its_goodbye_is_done(Moment moment) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            client.send(new Query(text(number)), Terminate.INSTANCE);
            client.vanish();
            link.awaitStopped();
            link.goOn();
            await().until(() -> rows(number) == 2);
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                assertThat(Replies.value(next, "select pg_backend_pid()")).isEqualTo(pid);
            }
        }
    }

    // --- the server is lost

    @ParameterizedTest
    @MethodSource("losses")
    void what_was_asked_is_done_once_though_the_server_is_lost(Moment moment, Form form) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            client.send(form.of(number));
            link.awaitStopped();
            if (moment == Moment.COMMIT_UNANSWERED) await().until(() -> rows(number) == 2);
            var heard = untilReady(client);

            lose(link, moment);

            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(form.done(number));
            assertThat(rows(number)).isEqualTo(2);
            assertThat(Replies.value(client, "select 'goes on'")).isEqualTo("goes on");
        }
    }

    /// It has rows of the first attempt, which cannot be taken back.
    @ParameterizedTest
    @EnumSource(Moment.class)
    void who_has_rows_already_is_told_to_retry_unless_it_is_committed(Moment moment) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy("limits.rerun-bytes = 1KiB"); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            String large = "x".repeat(5000);
            link.stopAt(moment.word, moment.held);
            client.send(new Query("insert into stepped values (" + number + "); select repeat('x', 5000); insert into stepped values (" + number + ")"));
            link.awaitStopped();
            boolean commits = moment == Moment.COMMIT_UNANSWERED;
            if (commits) await().until(() -> rows(number) == 2);
            var heard = untilReady(client);

            lose(link, moment);

            List<String> whole = List.of("INSERT 0 1", "row " + large, "SELECT 1", "INSERT 0 1", "ready IDLE");
            boolean hasNothing = moment == Moment.TEXT_ON_ITS_WAY || moment == Moment.TEXT_UNANSWERED;
            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(commits || hasNothing ? whole : List.of("INSERT 0 1", "row " + large, "SELECT 1", "error 40001", "ready IDLE"));
            assertThat(rows(number)).isEqualTo(commits || hasNothing ? 2 : 0);
        }
    }

    @Test
    void who_has_a_functions_value_already_is_told_to_retry() throws Exception {
        int large = Integer.parseInt(postgres.query("select 'step_large'::regproc::oid::int"));
        try (var link = link(); TestProxy proxy = link.strictProxy("limits.rerun-bytes = 1KiB"); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            link.stopAt("pgkeel_xl\0", SteppingLink.Held.REQUESTS);
            client.send(new FunctionCall(large, List.of(), List.of(Value.ofText(String.valueOf(number))), Format.TEXT));
            link.awaitStopped();
            var heard = untilReady(client);

            lose(link, Moment.QUESTION_ON_ITS_WAY);

            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("error 40001", "ready IDLE");
            assertThat(rows(number)).isZero();
        }
    }

    /// What was committed before a crash cannot be told for sure of a server that comes back by itself: there, only the connection is lost. Of a commit that another
    /// server has, see [PromotionEndToEndTest].
    private static void lose(SteppingLink link, Moment moment) throws IOException {
        if (moment == Moment.COMMIT_UNANSWERED) {
            link.cut();
            return;
        }
        postgres.kill();
        await().ignoreExceptions().until(() -> {
            postgres.startAgain();
            return true;
        });
    }

    private static CompletableFuture<List<String>> untilReady(WireClient client) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return Replies.untilReady(client);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        }, task -> Thread.ofPlatform().daemon().start(task));
    }

    // --- time passes

    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_ON_ITS_WAY", "COMMIT_ON_ITS_WAY"})
    void no_time_of_an_idle_transaction_runs_where_none_is_idle(Moment moment) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            Replies.ask(client, "set idle_in_transaction_session_timeout = '2s'");
            int number = NUMBERS.incrementAndGet();
            stopFor(link, moment.word, "3 s", client, text(number));
            assertThat(Replies.untilReady(client)).isEqualTo(done(number));
            assertThat(rows(number)).isEqualTo(2);
        }
    }

    @Test
    void nor_where_the_text_has_failed() throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            Replies.ask(client, "set idle_in_transaction_session_timeout = '2s'");
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = NUMBERS.incrementAndGet();
            stopFor(link, "\0rollback\0", "3 s", client, text(number) + "; select 1/0");
            assertThat(Replies.untilReady(client)).containsExactly("INSERT 0 1", "row text " + number, "SELECT 1", "INSERT 0 1", "error 22012", "ready IDLE");
            assertThat(Replies.value(client, "select pg_backend_pid()")).isEqualTo(pid);
            assertThat(rows(number)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_ON_ITS_WAY", "COMMIT_ON_ITS_WAY"})
    void the_time_between_the_steps_is_no_statements(Moment moment) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            stopFor(link, moment.word, "4 s", client, "set local statement_timeout = '3s'; " + text(number));
            assertThat(Replies.untilReady(client)).startsWith("SET").endsWith("INSERT 0 1", "ready IDLE").hasSize(6);
            assertThat(rows(number)).isEqualTo(2);
        }
    }

    /// And its client hears it as from the server itself.
    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_ON_ITS_WAY", "COMMIT_ON_ITS_WAY"})
    void a_transaction_that_lasts_too_long_is_not_committed(Moment moment) throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            client.send(new Query(text(number) + "; set local transaction_timeout = '300ms'"));   // over before the stop, where that is slow
            await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid).equals("0"));
            assertThat(Replies.error(client)).isEqualTo("25P04");
            assertThatThrownBy(client::read).isInstanceOf(EOFException.class);
            assertThat(rows(number)).isZero();
            try (WireClient next = client(proxy)) {
                assertThat(Replies.value(next, "select 'goes on'")).isEqualTo("goes on");
            }
        }
    }

    /// The text stops there for so long, by the server's clock, and its session lives.
    private static void stopFor(SteppingLink link, String word, String interval, WireClient client, String text) throws IOException {
        String pid = Replies.value(client, "select pg_backend_pid()");
        link.stopAt(word, SteppingLink.Held.REQUESTS);
        client.send(new Query(text));
        link.awaitStopped();
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid + " and state_change < clock_timestamp() - interval '" + interval + "'").equals("1"));
        link.goOn();
    }

    // --- an error behind the mark

    /// The server answers the question and fails behind it, as it would for a cancel: all in one read, and cut everywhere.
    @Test
    void an_error_behind_the_mark_fails_the_text_wherever_what_is_read_ends() throws Exception {
        try (var link = link(); TestProxy proxy = link.strictProxy("databases.\"*\".pool.max = 2"); WireClient client = client(proxy); WireClient other = client(proxy)) {
            int bytes = 0;
            for (int first = 0; first <= bytes; first++) {
                int number = NUMBERS.incrementAndGet();
                link.change(BlockStepsEndToEndTest::failingBehindExecute);
                link.stopAt("pgkeel_xl\0", SteppingLink.Held.REPLIES);
                client.send(new Query(text(number)));
                link.awaitStopped();
                await().pollInterval(Duration.ofMillis(5)).until(() -> new String(link.held(), StandardCharsets.ISO_8859_1).contains("C34000\0"));
                bytes = link.held().length;
                // The loop that answers the other client has read the first piece.
                link.goOn(first, () -> assertThat(Replies.value(other, "select 'between'")).isEqualTo("between"));
                assertThat(Replies.untilReady(client)).as("cut behind %s of %s bytes", first, bytes)
                        .containsExactly("INSERT 0 1", "row text " + number, "SELECT 1", "error 34000", "ready IDLE");
                assertThat(rows(number)).isZero();
            }
            assertThat(bytes).isGreaterThan(50);
            int number = NUMBERS.incrementAndGet();
            assertThat(Replies.ask(client, text(number))).isEqualTo(done(number));
        }
    }

    /// Behind the Execute, one of a portal that there is not.
    static byte[] failingBehindExecute(byte[] messages) {
        var out = new ByteArrayOutputStream();
        var data = new DataOutputStream(out);
        try {
            for (int at = 0, next; at < messages.length; at = next) {
                next = at + 1 + ByteBuffer.wrap(messages).getInt(at + 1);
                data.write(messages, at, next - at);
                if (messages[at] != 'E') continue;
                data.writeByte('E');
                data.writeInt(4 + 7 + 4);
                data.write("nosuch\0".getBytes(StandardCharsets.US_ASCII));
                data.writeInt(0);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
