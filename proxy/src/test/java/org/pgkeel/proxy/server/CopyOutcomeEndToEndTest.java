package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
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
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CopyInResponse;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// `strict`: a COPY FROM STDIN, stopped at each of its steps: then its client vanishes, or its server. What its client hears is true, and never
/// that it is not known.
class CopyOutcomeEndToEndTest {
    private static final String COPY = "copy copied from stdin";
    /// That which commits, behind the question.
    private static final String SYNC = "pgkeel_xl\0H\0\0\0\4S\0\0\0\4";
    private static final AtomicInteger NUMBERS = new AtomicInteger(100);
    private static PostgresFixture postgres;

    /// How far the COPY has come.
    enum Moment {
        COPY_ON_ITS_WAY(COPY + "\0", SteppingLink.Held.REQUESTS),
        COPY_UNANSWERED(COPY + "\0", SteppingLink.Held.REPLIES),
        DATA_ON_ITS_WAY("\tdata\n", SteppingLink.Held.REQUESTS),
        END_ON_ITS_WAY("pgkeel_xl\0", SteppingLink.Held.REQUESTS),
        QUESTION_UNANSWERED("pgkeel_xl\0", SteppingLink.Held.REPLIES),
        COMMIT_ON_ITS_WAY(SYNC, SteppingLink.Held.REQUESTS),
        COMMIT_UNANSWERED(SYNC, SteppingLink.Held.REPLIES);

        private final String word;
        private final SteppingLink.Held held;

        Moment(String word, SteppingLink.Held held) {
            this.word = word;
            this.held = held;
        }

        /// The client has not heard that the server takes its data.
        boolean isBeforeData() {
            return this == COPY_ON_ITS_WAY || this == COPY_UNANSWERED;
        }
    }

    /// How the client sends its data.
    enum Way {
        /// When the server says that it takes it.
        IN_TURN {
            @Override
            List<String> copy(WireClient client, int number) throws IOException {
                client.send(new Query(COPY));
                BackendMessage reply = client.read();
                while (!(reply instanceof CopyInResponse || reply instanceof ErrorResponse)) reply = client.read();
                if (reply instanceof ErrorResponse(var fields)) throw new AssertionError("refused: " + fields);
                client.send(data(number));
                client.send(CopyDone.INSTANCE);
                return Replies.untilReady(client);
            }
        },
        /// By messages of the extended protocol, as Rust's driver does.
        EXTENDED {
            @Override
            List<String> copy(WireClient client, int number) throws IOException {
                client.send(new Parse("", COPY, List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Execute("", 0), Sync.INSTANCE);
                BackendMessage reply = client.read();
                while (!(reply instanceof CopyInResponse || reply instanceof ErrorResponse)) reply = client.read();
                if (reply instanceof ErrorResponse(var fields)) throw new AssertionError("refused: " + fields);
                client.send(data(number), CopyDone.INSTANCE, Sync.INSTANCE);
                return Replies.untilReady(client);
            }
        },
        AT_ONCE {
            @Override
            List<String> copy(WireClient client, int number) throws IOException {
                client.send(new Query(COPY), data(number), CopyDone.INSTANCE);
                return Replies.untilReady(client);
            }
        };

        abstract List<String> copy(WireClient client, int number) throws IOException;

        private static CopyData data(int number) {
            return new CopyData(Octets.ofText(number + "\tdata\n" + number + "\tdata\n"));
        }
    }

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        // What was acknowledged is to be there after kill -9: the fixture is quicker than safe otherwise.
        postgres.execute("create table copied (x int, what text)", "grant all on copied to app", "alter database app set synchronous_commit = on");
        postgres.execute("checkpoint");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static int rows(int number) {
        return Integer.parseInt(postgres.query("select count(*) from copied where x = " + number));
    }

    private static SteppingLink link() throws IOException {
        return new SteppingLink(postgres.host(), postgres.port());
    }

    private static TestProxy proxy(SteppingLink link, String outcome, String... more) {
        return TestProxy.startAt(link.address(), TestProxy.PLAIN_USERS, keys(outcome) + String.join("\n", more));
    }

    private static String keys(String outcome) {
        return """
                runtime.event-loops = 1
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = %s, tls.mode = disable }
                databases."*".pool { max = 1, max-wait = 60s }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, outcome);
    }

    /// A client whose backend knows the question.
    private static WireClient client(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        assertThat(Way.AT_ONCE.copy(client, NUMBERS.incrementAndGet())).containsExactly("COPY 2", "ready IDLE");
        return client;
    }

    static Stream<Arguments> all() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Way.values()).map(way -> Arguments.of(moment, way)));
    }

    @ParameterizedTest
    @MethodSource("all")
    void a_stop_alone_changes_nothing(Moment moment, Way way) throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict"); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            var heard = Meanwhile.asks(() -> way.copy(client, number));
            link.awaitStopped();
            link.goOn();
            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("COPY 2", "ready IDLE");
            assertThat(rows(number)).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void its_client_hears_what_became_of_it_though_the_server_is_lost(Moment moment, Way way) throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict"); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            var heard = Meanwhile.asks(() -> way.copy(client, number));
            link.awaitStopped();
            boolean commits = moment == Moment.COMMIT_UNANSWERED;
            if (commits) await().until(() -> rows(number) == 2);

            if (commits) link.cut();
            else restart();

            boolean done = commits || moment.isBeforeData() && way != Way.AT_ONCE;
            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(done ? List.of("COPY 2", "ready IDLE") : List.of("error 40001", "ready IDLE"));
            assertThat(rows(number)).isEqualTo(done ? 2 : 0);
            assertThat(Way.IN_TURN.copy(client, number)).containsExactly("COPY 2", "ready IDLE");
        }
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void a_client_that_vanishes_leaves_all_of_its_data_or_none(Moment moment) throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict")) {
            WireClient client = client(proxy);
            String pid = Replies.value(client, "select pg_backend_pid()");
            int number = NUMBERS.incrementAndGet();
            link.stopAt(moment.word, moment.held);
            var heard = Meanwhile.asks(() -> Way.AT_ONCE.copy(client, number));
            link.awaitStopped();
            boolean commits = moment == Moment.COMMIT_UNANSWERED;
            if (commits) await().until(() -> rows(number) == 2);
            client.reset();
            await().until(heard::isDone);
            await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid).equals("0"));
            assertThat(rows(number)).isEqualTo(commits ? 2 : 0);
            try (WireClient next = client(proxy)) {
                assertThat(Replies.value(next, "select 'goes on'")).isEqualTo("goes on");
            }
        }
    }

    @Test
    void who_is_to_send_its_data_again_is_told_so() throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict"); WireClient client = client(proxy)) {
            link.stopAt(SYNC, SteppingLink.Held.REQUESTS);
            client.send(new Query(COPY), Way.data(NUMBERS.incrementAndGet()), CopyDone.INSTANCE);
            link.awaitStopped();
            link.cut();
            BackendMessage reply = client.read();
            while (!(reply instanceof ErrorResponse)) reply = client.read();
            assertThat(((ErrorResponse) reply).fields().message()).isEqualTo("failover: the COPY was rolled back, retry it with its data");
        }
    }

    /// Where no question can go ahead of its end, as the outcome is not asked for like that, nobody knows.
    @ParameterizedTest
    @ValueSource(strings = {"pipelined", "off"})
    void it_is_not_known_in_the_other_modes(String outcome) throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, outcome); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            link.stopAt("\tdata\n", SteppingLink.Held.REPLIES);
            client.send(new Query(COPY), Way.data(number), CopyDone.INSTANCE);
            link.awaitStopped();
            await().until(() -> rows(number) == 2);
            link.cut();
            assertThat(Replies.untilReady(client)).containsExactly("error 08007", "ready IDLE");
        }
    }

    /// A reload changes what is done for the next one.
    @ParameterizedTest
    @ValueSource(strings = {"pipelined", "off"})
    void it_ends_as_it_should_though_the_mode_changes_among_its_data(String outcome) throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict"); WireClient client = client(proxy)) {
            int number = NUMBERS.incrementAndGet();
            client.send(new Query(COPY));
            while (!(client.read() instanceof CopyInResponse)) { }
            assertThat(proxy.reload(keys(outcome))).isEmpty();
            client.send(Way.data(number), CopyDone.INSTANCE);
            assertThat(Replies.untilReady(client)).containsExactly("COPY 2", "ready IDLE");
            assertThat(rows(number)).isEqualTo(2);
            assertThat(Way.AT_ONCE.copy(client, NUMBERS.incrementAndGet())).containsExactly("COPY 2", "ready IDLE");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipelined", "off"})
    void a_write_ends_as_it_should_though_the_mode_changes_before_its_commit(String outcome) throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict"); WireClient client = client(proxy)) {
            link.stopAt(SYNC, SteppingLink.Held.REQUESTS);
            client.send(new Query("insert into copied values (0, '')"));
            link.awaitStopped();
            assertThat(proxy.reload(keys(outcome))).isEmpty();
            link.goOn();
            assertThat(Replies.untilReady(client)).containsExactly("INSERT 0 1", "ready IDLE");
            assertThat(Replies.value(client, "select 'goes on'")).isEqualTo("goes on");
        }
    }

    @Test
    void another_request_among_its_data_is_a_violation_as_it_is_for_the_server() throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict"); WireClient client = client(proxy)) {
            client.send(new Query(COPY), new Query("select 1"));
            assertThat(Replies.error(client)).isEqualTo("08P01");
            assertThatThrownBy(client::read).isInstanceOf(IOException.class);
        }
    }

    /// However long the server takes, the client has said all it has to say.
    @ParameterizedTest
    @ValueSource(strings = {COPY, "insert into copied values (0, '')"})
    void a_client_that_waits_for_the_server_is_not_idle_in_a_transaction(String write) throws Exception {
        try (var link = link(); TestProxy proxy = proxy(link, "strict", "timeouts.idle-in-transaction = 1s"); WireClient client = client(proxy); Connection other = postgres.connect()) {
            String pid = Replies.value(client, "select pg_backend_pid()");
            other.setAutoCommit(false);
            other.createStatement().execute("lock table copied");
            client.send(new Query(write));
            await().until(() -> postgres.query("select count(*) from pg_stat_activity where pid = " + pid + " and wait_event_type = 'Lock' and query_start < clock_timestamp() - interval '2 s'").equals("1"));
            other.rollback();
            if (write.equals(COPY)) client.send(CopyDone.INSTANCE);
            assertThat(Replies.untilReady(client)).containsExactly(write.equals(COPY) ? "COPY 0" : "INSERT 0 1", "ready IDLE");
        }
    }

    private static void restart() {
        postgres.kill();
        await().ignoreExceptions().until(() -> {
            postgres.startAgain();
            return true;
        });
    }
}
