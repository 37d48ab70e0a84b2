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
import java.util.concurrent.TimeUnit;
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
import org.pgkeel.proxy.server.CommitSteps.Moment;
import org.pgkeel.proxy.wire.WireClient;

/// `strict`: a text of several commands, or a FunctionCall, in a transaction block of the proxy's own, stopped at each of its steps: then its client
/// vanishes, or its server, or time passes.
class BlockStepsEndToEndTest {
    private static CommitSteps steps;
    private static int function;

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

    @BeforeAll
    static void start() {
        steps = CommitSteps.start("\0begin\0", CommitSteps.Question.PLAIN,
                "create function step(x int) returns int language sql as $$ insert into stepped values (x), (x) returning 1 $$",
                "create function step_large(x int) returns text language sql as $$ insert into stepped values (x); select repeat('x', 5000) $$");
        function = Integer.parseInt(steps.query("select 'step'::regproc::oid::int"));
    }

    @AfterAll
    static void stop() {
        steps.close();
    }

    private static String text(int number) {
        return "insert into stepped values (" + number + "); select 'text " + number + "'; insert into stepped values (" + number + ")";
    }

    private static List<String> done(int number) {
        return List.of("INSERT 0 1", "row text " + number, "SELECT 1", "INSERT 0 1", "ready IDLE");
    }

    /// A client whose backend knows the question.
    private static WireClient client(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        int number = steps.number();
        assertThat(Replies.ask(client, text(number))).isEqualTo(done(number));
        return client;
    }

    static Stream<Arguments> losses() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Form.values()).map(form -> Arguments.of(moment, form)));
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void a_stop_alone_changes_nothing(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            steps.stopAt(link, moment);
            client.send(new Query(text(number)));
            link.awaitStopped();
            link.goOn();
            assertThat(Replies.untilReady(client)).isEqualTo(done(number));
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    // --- the client is lost

    @ParameterizedTest
    @MethodSource("org.pgkeel.proxy.server.CommitSteps#deaths")
    void a_client_that_vanishes_leaves_the_whole_of_its_text_or_nothing_and_no_transaction(Moment moment, Ending ending) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            steps.stopAt(link, moment);
            client.send(new Query(text(number)));
            steps.awaitStopped(link, moment, number, 2);

            ending.of(client);

            steps.awaitGone(pid);
            assertThat(steps.rows(number)).isEqualTo(moment.commits() ? 2 : 0);
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                int theirs = steps.number();
                assertThat(Replies.ask(next, text(theirs))).isEqualTo(done(theirs));
                assertThat(Replies.ask(next, "begin; rollback")).containsExactly("BEGIN", "ROLLBACK", "ready IDLE");
                assertThat(steps.rows(theirs)).isEqualTo(2);
            }
            assertThat(proxy.server().pools().all().iterator().next().shared().open()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void what_a_client_asked_for_before_its_goodbye_is_done(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            steps.stopAt(link, moment);
            client.send(new Query(text(number)), Terminate.INSTANCE);
            client.vanish();
            link.awaitStopped();
            link.goOn();
            await().until(() -> steps.rows(number) == 2);
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                assertThat(Replies.value(next, "select pg_backend_pid()")).isEqualTo(pid);
            }
        }
    }

    // --- the server is lost

    @ParameterizedTest
    @MethodSource("losses")
    void what_was_asked_is_done_once_though_the_server_is_lost(Moment moment, Form form) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            steps.stopAt(link, moment);
            var heard = Replies.asks(client, form.of(number));
            steps.awaitStopped(link, moment, number, 2);

            steps.lose(link, moment);

            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(form.done(number));
            assertThat(steps.rows(number)).isEqualTo(2);
            assertThat(Replies.value(client, "select 'goes on'")).isEqualTo("goes on");
        }
    }

    /// It has rows of the first attempt, which cannot be taken back.
    @ParameterizedTest
    @EnumSource(Moment.class)
    void who_has_rows_already_is_told_to_retry_unless_it_is_committed(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy("limits.rerun-bytes = 1KiB"); WireClient client = client(proxy)) {
            int number = steps.number();
            String large = "x".repeat(5000);
            steps.stopAt(link, moment);
            var heard = Replies.asks(client, new Query("insert into stepped values (" + number + "); select repeat('x', 5000); insert into stepped values (" + number + ")"));
            steps.awaitStopped(link, moment, number, 2);

            steps.lose(link, moment);

            List<String> whole = List.of("INSERT 0 1", "row " + large, "SELECT 1", "INSERT 0 1", "ready IDLE");
            boolean done = moment.commits() || moment == Moment.TEXT_ON_ITS_WAY || moment == Moment.TEXT_UNANSWERED;
            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(done ? whole : List.of("INSERT 0 1", "row " + large, "SELECT 1", "error 40001", "ready IDLE"));
            assertThat(steps.rows(number)).isEqualTo(done ? 2 : 0);
        }
    }

    @Test
    void who_has_a_functions_value_already_is_told_to_retry() throws Exception {
        int large = Integer.parseInt(steps.query("select 'step_large'::regproc::oid::int"));
        try (var link = steps.link(); TestProxy proxy = link.strictProxy("limits.rerun-bytes = 1KiB"); WireClient client = client(proxy)) {
            int number = steps.number();
            link.stopAt("pgkeel_xl\0", SteppingLink.Held.REQUESTS);
            var heard = Replies.asks(client, new FunctionCall(large, List.of(), List.of(Value.ofText(String.valueOf(number))), Format.TEXT));
            link.awaitStopped();

            steps.lose(link, Moment.QUESTION_ON_ITS_WAY);

            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("error 40001", "ready IDLE");
            assertThat(steps.rows(number)).isZero();
        }
    }

    // --- time passes

    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_ON_ITS_WAY", "COMMIT_ON_ITS_WAY"})
    void no_time_of_an_idle_transaction_runs_where_none_is_idle(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            Replies.ask(client, "set idle_in_transaction_session_timeout = '2s'");
            int number = steps.number();
            stopFor(link, steps.word(moment), "3 s", client, text(number));
            assertThat(Replies.untilReady(client)).isEqualTo(done(number));
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    @Test
    void nor_where_the_text_has_failed() throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            Replies.ask(client, "set idle_in_transaction_session_timeout = '2s'");
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            stopFor(link, "\0rollback\0", "3 s", client, text(number) + "; select 1/0");
            assertThat(Replies.untilReady(client)).containsExactly("INSERT 0 1", "row text " + number, "SELECT 1", "INSERT 0 1", "error 22012", "ready IDLE");
            assertThat(Replies.value(client, "select pg_backend_pid()")).isEqualTo(pid);
            assertThat(steps.rows(number)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_ON_ITS_WAY", "COMMIT_ON_ITS_WAY"})
    void the_time_between_the_steps_is_no_statements(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            stopFor(link, steps.word(moment), "4 s", client, "set local statement_timeout = '3s'; " + text(number));
            assertThat(Replies.untilReady(client)).startsWith("SET").endsWith("INSERT 0 1", "ready IDLE").hasSize(6);
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    /// And its client hears it as from the server itself.
    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_ON_ITS_WAY", "COMMIT_ON_ITS_WAY"})
    void a_transaction_that_lasts_too_long_is_not_committed(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            steps.stopAt(link, moment);
            client.send(new Query(text(number) + "; set local transaction_timeout = '300ms'"));   // over before the stop, where that is slow
            steps.awaitGone(pid);
            assertThat(Replies.error(client)).isEqualTo("25P04");
            assertThatThrownBy(client::read).isInstanceOf(EOFException.class);
            assertThat(steps.rows(number)).isZero();
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
        steps.awaitQuiet(pid, interval);
        link.goOn();
    }

    // --- an error behind the mark

    /// The server answers the question and fails behind it, as it would for a cancel: all in one read, and cut everywhere.
    @Test
    void an_error_behind_the_mark_fails_the_text_wherever_what_is_read_ends() throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy("databases.\"*\".pool.max = 2"); WireClient client = client(proxy); WireClient other = client(proxy)) {
            int bytes = 0;
            for (int first = 0; first <= bytes; first++) {
                int number = steps.number();
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
                assertThat(steps.rows(number)).isZero();
            }
            assertThat(bytes).isGreaterThan(50);
            int number = steps.number();
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
