package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Terminate;
import org.pgkeel.proxy.server.CommitSteps.Moment;
import org.pgkeel.proxy.wire.WireClient;

/// `strict`: a text that ends with COMMIT, which the proxy holds back, stopped at each of its steps: then its client vanishes, or its server, or time passes.
class HeldBackCommitEndToEndTest {
    private static CommitSteps steps;

    /// Where the transaction of the text has begun.
    enum Form {
        /// In it.
        WHOLE,
        /// In the middle of it.
        BEGINS_LATE,
        /// Before it.
        ENDS;

        /// What its client has asked before.
        void prepare(WireClient client) throws IOException {
            if (this == ENDS) assertThat(Replies.ask(client, "begin")).containsExactly("BEGIN", "ready IN_TRANSACTION");
        }

        /// Inserts a number twice.
        String text(int number) {
            String insert = "insert into stepped values (" + number + ")";
            return switch (this) {
                case WHOLE -> "begin; " + insert + "; select 'text " + number + "'; " + insert + "; commit";
                case BEGINS_LATE -> insert + "; begin; select 'text " + number + "'; " + insert + "; commit work";
                case ENDS -> insert + "; select 'text " + number + "'; " + insert + "; commit;";
            };
        }

        List<String> done(int number) {
            return switch (this) {
                case WHOLE -> List.of("BEGIN", "INSERT 0 1", "row text " + number, "SELECT 1", "INSERT 0 1", "COMMIT", "ready IDLE");
                case BEGINS_LATE -> List.of("INSERT 0 1", "BEGIN", "row text " + number, "SELECT 1", "INSERT 0 1", "COMMIT", "ready IDLE");
                case ENDS -> List.of("INSERT 0 1", "row text " + number, "SELECT 1", "INSERT 0 1", "COMMIT", "ready IDLE");
            };
        }
    }

    @BeforeAll
    static void start() {
        steps = CommitSteps.start("insert into stepped", CommitSteps.Question.PLAIN, "create procedure put(x int) language plpgsql as $$ begin insert into stepped values (x); end $$");
    }

    @AfterAll
    static void stop() {
        steps.close();
    }

    /// A client whose backend knows the question.
    private static WireClient client(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        int number = steps.number();
        assertThat(Replies.ask(client, Form.WHOLE.text(number))).isEqualTo(Form.WHOLE.done(number));
        return client;
    }

    static Stream<Arguments> moments() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Form.values()).map(form -> Arguments.of(moment, form)));
    }

    @ParameterizedTest
    @MethodSource("moments")
    void a_stop_alone_changes_nothing(Moment moment, Form form) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            form.prepare(client);
            steps.stopAt(link, moment);
            client.send(new Query(form.text(number)));
            link.awaitStopped();
            link.goOn();
            assertThat(Replies.untilReady(client)).isEqualTo(form.done(number));
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    // --- the server is lost

    /// A transaction that had begun before the text cannot be done again; its client hears that.
    @ParameterizedTest
    @MethodSource("moments")
    void what_was_asked_is_done_once_or_told_to_be_undone_though_the_server_is_lost(Moment moment, Form form) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            form.prepare(client);
            steps.stopAt(link, moment);
            var heard = Replies.asks(client, new Query(form.text(number)));
            steps.awaitStopped(link, moment, number, 2);

            steps.lose(link, moment);

            boolean done = form != Form.ENDS || moment.commits();
            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(done ? form.done(number) : List.of("error 40001", "ready IDLE"));
            assertThat(steps.rows(number)).isEqualTo(done ? 2 : 0);
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
            var heard = Replies.asks(client, new Query("begin; insert into stepped values (" + number + "), (" + number + "); select repeat('x', 5000); commit"));
            steps.awaitStopped(link, moment, number, 2);

            steps.lose(link, moment);

            List<String> whole = List.of("BEGIN", "INSERT 0 2", "row " + large, "SELECT 1", "COMMIT", "ready IDLE");
            boolean done = moment.commits() || moment == Moment.TEXT_ON_ITS_WAY || moment == Moment.TEXT_UNANSWERED;
            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(done ? whole : List.of("BEGIN", "INSERT 0 2", "row " + large, "SELECT 1", "error 40001", "ready IDLE"));
            assertThat(steps.rows(number)).isEqualTo(done ? 2 : 0);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"COMMIT_ON_ITS_WAY", "COMMIT_UNANSWERED"})
    void a_transaction_that_was_chained_to_it_is_lost_and_its_client_hears_that(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            steps.stopAt(link, moment);
            var heard = Replies.asks(client, new Query("begin; insert into stepped values (" + number + "), (" + number + "); commit and chain"));
            steps.awaitStopped(link, moment, number, 2);

            steps.lose(link, moment);

            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("BEGIN", "INSERT 0 2", "COMMIT", "ready IN_TRANSACTION");
            assertThat(steps.rows(number)).isEqualTo(2);
            assertThat(Replies.ask(client, "insert into stepped values (0); commit")).isEqualTo(moment.commits() ? List.of("error 40001", "ready FAILED") : List.of("INSERT 0 1", "COMMIT", "ready IDLE"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "begin; notify n, '%s'; insert into stepped values (%s); commit", "begin; insert into stepped values (%s); savepoint a; select 1/1; release a; end",
        "set application_name = 'x'; begin; set local work_mem = '5MB'; insert into stepped values (%s); commit", "begin; call put(%s); commit", "begin; create temp table gone (x int) on commit drop; insert into stepped values (%s); commit"})
    void whatever_stands_before_the_commit(String text) throws Exception {
        for (Moment moment : List.of(Moment.COMMIT_ON_ITS_WAY, Moment.COMMIT_UNANSWERED)) {
            try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
                int number = steps.number();
                link.stopAt(text.endsWith("end") ? "\0end\0" : steps.word(moment), moment.held());
                var heard = Replies.asks(client, new Query(text.replace("%s", String.valueOf(number))));
                steps.awaitStopped(link, moment, number, 1);
                link.cut();
                assertThat(heard.get(90, TimeUnit.SECONDS)).as(moment.name()).doesNotContain("error 08007", "error 40001").endsWith("COMMIT", "ready IDLE").hasSize(text.split(";").length + 1 + (text.contains("1/1") ? 1 : 0));
                assertThat(steps.rows(number)).as(moment.name()).isEqualTo(1);
            }
        }
    }

    @Test
    void what_it_has_set_is_told_though_its_server_is_lost_with_the_commit() throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            steps.stopAt(link, Moment.COMMIT_UNANSWERED);
            client.send(new Query("begin; insert into stepped values (" + number + "); set timezone = 'Asia/Tokyo'; commit"));
            link.awaitStopped();
            await().until(() -> steps.rows(number) == 1);
            link.cut();
            var heard = new ArrayList<BackendMessage>();
            do {
                heard.add(client.read());
            } while (!(heard.getLast() instanceof ReadyForQuery));
            assertThat(heard).endsWith(new CommandComplete("COMMIT"), new ParameterStatus("TimeZone", "Asia/Tokyo"), new ReadyForQuery(TransactionStatus.IDLE));
            assertThat(Replies.value(client, "show timezone")).isEqualTo("Asia/Tokyo");
        }
    }

    /// A batch of the extended protocol waits with its COMMIT by itself.
    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_UNANSWERED", "COMMIT_ON_ITS_WAY", "COMMIT_UNANSWERED"})
    void so_it_is_with_a_transaction_in_one_batch(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            var messages = new ArrayList<FrontendMessage>();
            for (String command : List.of("begin", "insert into stepped values (" + number + "), (" + number + ")", "commit")) {
                messages.add(new Parse("", command, List.of()));
                messages.add(new Bind("", "", List.of(), List.of(), List.of()));
                messages.add(new Execute("", 0));
            }
            messages.add(Sync.INSTANCE);
            link.stopAt(moment.commits() || moment == Moment.COMMIT_ON_ITS_WAY ? "S\0\0\0\4" : steps.word(moment), moment.held());
            var heard = Replies.asks(client, messages.toArray(FrontendMessage[]::new));
            steps.awaitStopped(link, moment, number, 2);
            link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("BEGIN", "INSERT 0 2", "COMMIT", "ready IDLE");
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    // --- the client is lost

    @ParameterizedTest
    @MethodSource("org.pgkeel.proxy.server.CommitSteps#deaths")
    void a_client_that_vanishes_leaves_the_whole_of_its_text_or_nothing_and_no_transaction(Moment moment, Ending ending) throws Exception {
        for (Form form : List.of(Form.WHOLE, Form.ENDS)) {
            try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
                WireClient client = client(proxy);
                String pid = Replies.value(client, "select pg_backend_pid()");
                int number = steps.number();
                form.prepare(client);
                steps.stopAt(link, moment);
                client.send(new Query(form.text(number)));
                steps.awaitStopped(link, moment, number, 2);

                ending.of(client);

                steps.awaitGone(pid);
                assertThat(steps.rows(number)).as(form.name()).isEqualTo(moment.commits() ? 2 : 0);
                assertNextIsAlone(proxy);
                assertThat(proxy.server().pools().all().iterator().next().shared().open()).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("moments")
    void what_a_client_asked_for_before_its_goodbye_is_done(Moment moment, Form form) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            form.prepare(client);
            steps.stopAt(link, moment);
            client.send(new Query(form.text(number)), Terminate.INSTANCE);
            client.vanish();
            link.awaitStopped();
            link.goOn();
            await().until(() -> steps.rows(number) == 2);
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                assertThat(Replies.value(next, "select pg_backend_pid()")).isEqualTo(pid);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"begin; insert into stepped values (%s); select 1/0; commit", "begin; insert into stepped values (%s); commit and chain"})
    void a_transaction_that_a_text_leaves_open_ends_with_its_clients_goodbye(String text) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            Replies.ask(client, "select 'the backend is asked nothing else'");
            int number = steps.number();
            client.send(new Query(text.formatted(number)), Terminate.INSTANCE);
            client.vanish();
            assertNextIsAlone(proxy);
            assertThat(steps.rows(number)).isEqualTo(text.contains("chain") ? 1 : 0);
        }
    }

    private static void assertNextIsAlone(TestProxy proxy) throws IOException {
        try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
            int theirs = steps.number();
            assertThat(Replies.ask(next, Form.WHOLE.text(theirs))).isEqualTo(Form.WHOLE.done(theirs));
            assertThat(Replies.ask(next, "begin; rollback")).containsExactly("BEGIN", "ROLLBACK", "ready IDLE");
            assertThat(steps.rows(theirs)).isEqualTo(2);
        }
    }

    // --- time passes

    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"QUESTION_ON_ITS_WAY", "COMMIT_ON_ITS_WAY"})
    void no_time_of_an_idle_transaction_runs_where_none_is_idle(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            Replies.ask(client, "set idle_in_transaction_session_timeout = '1s'");
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            steps.stopAt(link, moment);
            client.send(new Query(Form.WHOLE.text(number)));
            link.awaitStopped();
            steps.awaitQuiet(pid, "2 s");
            link.goOn();
            assertThat(Replies.untilReady(client)).isEqualTo(Form.WHOLE.done(number));
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    // --- an error behind the mark

    /// The server answers the question and fails behind it, as it would for a cancel: the client is in a failed transaction then, as with a cancel of its text.
    @Test
    void an_error_behind_the_mark_fails_the_text_and_its_transaction() throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            link.change(BlockStepsEndToEndTest::failingBehindExecute);
            link.stopAt("pgkeel_xl\0", SteppingLink.Held.REPLIES);
            client.send(new Query(Form.WHOLE.text(number)));
            link.awaitStopped();
            await().until(() -> link.held().length > 0);
            link.goOn();
            assertThat(Replies.untilReady(client)).containsExactly("BEGIN", "INSERT 0 1", "row text " + number, "SELECT 1", "INSERT 0 1", "error 34000", "ready FAILED");
            assertThat(Replies.ask(client, "select 1")).containsExactly("error 25P02", "ready FAILED");
            assertThat(Replies.ask(client, "rollback")).containsExactly("ROLLBACK", "ready IDLE");
            assertThat(steps.rows(number)).isZero();
            assertNextIsAlone(proxy);
        }
    }

    /// What a cancel meets behind the end of a transaction is the wait for a synchronous standby, and what follows looks like a success.
    @Test
    void the_commit_waits_for_a_cancel_that_is_on_its_way() throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy("databases.\"*\".pool.max = 2"); WireClient client = client(proxy); WireClient other = client(proxy)) {
            int number = steps.number();
            link.stopAt("pgkeel_xl\0", SteppingLink.Held.REPLIES);
            client.send(new Query(Form.WHOLE.text(number)));
            link.awaitStopped();
            link.holdCancels();
            CompletableFuture<Void> cancels = Replies.cancels(client);
            link.awaitCancel();
            link.goOn();
            Replies.ask(other, "select 'the loop that answers has read the mark'");
            assertThat(steps.rows(number)).isZero();
            steps.stopAt(link, Moment.COMMIT_ON_ITS_WAY);
            link.releaseCancels();
            link.awaitStopped();
            link.goOn();
            assertThat(Replies.untilReady(client)).isEqualTo(Form.WHOLE.done(number));
            cancels.get(90, TimeUnit.SECONDS);
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }
}
