package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Terminate;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.server.CommitSteps.Moment;
import org.pgkeel.proxy.wire.WireClient;

/// `strict`: what a client asks for and, without waiting for the answer, says goodbye behind, is done as PostgreSQL itself would do it, though its socket is closed before
/// the question for the mark is answered.
class GoodbyeEndToEndTest {
    private static final List<Moment> MOMENTS = List.of(Moment.QUESTION_ON_ITS_WAY, Moment.QUESTION_UNANSWERED);
    private static CommitSteps steps;

    /// What the client asks for ahead of its goodbye: each inserts the number.
    enum Form {
        QUERY, EXTENDED, COPY, COMMIT, SEVERAL_QUERIES;

        FrontendMessage[] of(int number) {
            String insert = "insert into stepped values (" + number + ")";
            return switch (this) {
                case QUERY -> new FrontendMessage[] {new Query(insert), Terminate.INSTANCE};
                case EXTENDED -> new FrontendMessage[] {new Parse("", insert, List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Execute("", 0), Sync.INSTANCE, Terminate.INSTANCE};
                case COPY -> new FrontendMessage[] {new Query("copy stepped from stdin"), new CopyData(Octets.ofText(number + "\n")), CopyDone.INSTANCE, Terminate.INSTANCE};
                case COMMIT -> new FrontendMessage[] {new Query("begin"), new Query(insert), new Query("commit"), Terminate.INSTANCE};
                case SEVERAL_QUERIES -> new FrontendMessage[] {new Query("insert into stepped values (0)"), new Query("select 1"), new Query(insert), Terminate.INSTANCE};
            };
        }
    }

    @BeforeAll
    static void start() {
        steps = CommitSteps.start("insert into stepped", CommitSteps.Question.PLAIN);
    }

    @AfterAll
    static void stop() {
        steps.close();
    }

    /// A client whose backend knows the question.
    private static WireClient client(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        assertThat(Replies.ask(client, "insert into stepped values (" + steps.number() + ")")).containsExactly("INSERT 0 1", "ready IDLE");
        return client;
    }

    private static void awaitGone(TestProxy proxy) {
        await().untilAsserted(() -> assertThat(proxy.server().admission().clients()).isZero());
    }

    static Stream<Arguments> partings() {
        return MOMENTS.stream().flatMap(moment -> Stream.of(Form.values()).flatMap(form -> Stream.of(Ending.values()).map(how -> Arguments.of(moment, form, how))));
    }

    @ParameterizedTest
    @MethodSource("partings")
    void what_was_asked_for_is_done_and_the_backend_is_lent_on(Moment moment, Form form, Ending how) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            steps.stopAt(link, moment);
            client.send(form.of(number));
            link.awaitStopped();
            how.of(client);
            try (WireClient waits = WireClient.ofApp(proxy.port(), Map.of())) {
                // The loop that lets this one in has seen the other's end.
                waits.send(new Query("select pg_backend_pid()"));
                assertThat(steps.rows(number)).isZero();
                link.goOn();
                assertThat(Replies.untilReady(waits)).containsExactly("row " + pid, "SELECT 1", "ready IDLE");
                assertThat(steps.rows(number)).isEqualTo(1);
            }
            awaitGone(proxy);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Form.class, names = {"QUERY", "EXTENDED", "SEVERAL_QUERIES"})
    void it_is_done_once_though_the_server_is_lost(Form form) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            int number = steps.number();
            steps.stopAt(link, Moment.QUESTION_ON_ITS_WAY);
            client.send(form.of(number));
            link.awaitStopped();
            client.vanish();
            steps.lose(link, Moment.QUESTION_ON_ITS_WAY);
            awaitGone(proxy);
            await().until(() -> steps.rows(number) == 1);
        }
    }

    /// Who only closes its socket may have died: what it has under way is ended, as without a goodbye no more can come of it that anybody would hear of.
    @ParameterizedTest
    @EnumSource(Ending.class)
    void without_a_goodbye_it_is_not(Ending how) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = steps.number();
            steps.stopAt(link, Moment.QUESTION_ON_ITS_WAY);
            client.send(new Query("insert into stepped values (" + number + ")"));
            link.awaitStopped();
            how.of(client);
            steps.awaitGone(pid);
            assertThat(steps.rows(number)).isZero();
            awaitGone(proxy);
        }
    }
}
