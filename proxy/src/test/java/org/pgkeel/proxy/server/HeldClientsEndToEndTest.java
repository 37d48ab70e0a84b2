package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.Socket;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;
import org.slf4j.LoggerFactory;

/// Clients while their cluster has no primary: who waits, who is refused and stays, who comes in meanwhile, and what they get when it is back.
final class HeldClientsEndToEndTest {
    private static final String PATIENT = "max-wait = 10m";
    /// Of a Query message beside its text.
    private static final int QUERY_BYTES = 6;
    private static PostgresFixture postgres;

    private final List<WireClient> clients = new ArrayList<>();
    private RunningProxy proxy;
    private Connection console;
    private boolean lost;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table kept (n int generated always as identity, what text)", "grant all on kept to app", "alter database app set synchronous_commit = on", "checkpoint");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    /// @param hold keys of the section
    private void startProxy(String hold) throws SQLException {
        startProxy(hold, "");
    }

    private void startProxy(String hold, String more) throws SQLException {
        postgres.execute("truncate kept");
        proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 3, """
                clusters.main { monitor { user = postgres, password = postgres }, hold { %s } }
                %s
                """.formatted(hold, more)));
        console = proxy.console();
    }

    @AfterEach
    void stopProxy() throws IOException {
        for (WireClient client : clients) client.close();
        proxy.close();
        if (lost) comeBack();
    }

    /// A client that has been served.
    private WireClient client() throws IOException {
        WireClient client = WireClient.ofApp(proxy.server().port(), Map.of());
        clients.add(client);
        assertThat(Replies.value(client, "select 'here'")).isEqualTo("here");
        return client;
    }

    private List<WireClient> clients(int count) throws IOException {
        List<WireClient> made = new ArrayList<>();
        for (int i = 0; i < count; i++) made.add(client());
        return made;
    }

    private void lose() {
        lost = true;
        postgres.kill();
        await().untilAsserted(() -> assertThat(hold()).containsEntry("reason", "primary_lost"));
    }

    private void comeBack() {
        await().ignoreExceptions().until(() -> {
            postgres.startAgain();
            return true;
        });
        lost = false;
    }

    private Map<String, String> hold() throws SQLException {
        return RunningProxy.show(console, "HOLD").getFirst();
    }

    private long hold(String column) throws SQLException {
        return Long.parseLong(hold().get(column));
    }

    private void awaitWaiting(int count) {
        await().untilAsserted(() -> assertThat(hold("waiting")).isEqualTo(count));
    }

    private void assertBooksAddUp() {
        await().untilAsserted(() -> {
            assertThat(hold()).containsEntry("state", "open").containsEntry("waiting", "0").containsEntry("waiting_bytes", "0");
            assertThat(hold("held")).isEqualTo(hold("drained") + hold("refused") + hold("gone"));
        });
    }

    private static FrontendMessage[] insert(String what) {
        return new FrontendMessage[] {new Parse("", "insert into kept (what) values ($1) returning what", List.of()), new Bind("", "", List.of(), List.of(Value.ofText(what)), List.of()),
                new Execute("", 0), Sync.INSTANCE};
    }

    // --- the bounds

    @Test
    void requests_that_wait_are_bounded_in_bytes_and_one_that_is_too_much_is_refused() throws Exception {
        startProxy(PATIENT + ", max-bytes = 64KiB");
        List<WireClient> all = clients(5);
        lose();
        String large = "select 'large' /* " + "x".repeat(15_000) + " */";
        for (int i = 0; i < 4; i++) {
            all.get(i).send(new Query(large));
            awaitWaiting(i + 1);
        }
        WireClient last = all.getLast();
        last.send(new Query(large));
        assertThat(Replies.untilReady(last)).containsExactly("error 53300", "ready IDLE");
        last.send(new Query("select 'small'"));
        awaitWaiting(5);
        long bytes = 4L * (large.length() + QUERY_BYTES) + "select 'small'".length() + QUERY_BYTES;
        assertThat(hold("waiting_bytes")).isEqualTo(bytes);
        // What one that waits goes on to send counts too: there is room for its second request when the first is refused.
        all.getFirst().send(new Query(large));
        assertThat(Replies.untilReady(all.getFirst())).containsExactly("error 53300", "ready IDLE");
        await().untilAsserted(() -> assertThat(hold("waiting_bytes")).isEqualTo(bytes));

        comeBack();
        for (int i = 0; i < 4; i++) assertThat(Replies.untilReady(all.get(i))).containsExactly("row large", "SELECT 1", "ready IDLE");
        assertThat(Replies.untilReady(last)).containsExactly("row small", "SELECT 1", "ready IDLE");
        assertThat(Replies.value(last, large)).isEqualTo("large");
        assertBooksAddUp();
    }

    @Test
    void clients_that_wait_are_bounded_in_number_and_one_too_many_is_refused_batch_by_batch_and_stays() throws Exception {
        startProxy(PATIENT + ", max-clients = 2");
        List<WireClient> all = clients(3);
        lose();
        for (int i = 0; i < 2; i++) {
            all.get(i).send(insert("held " + i));
            awaitWaiting(i + 1);
        }
        WireClient last = all.getLast();
        last.send(new Query("select 1"));
        assertThat(Replies.untilReady(last)).containsExactly("error 53300", "ready IDLE");
        for (String what : List.of("refused", "refused, too")) last.send(insert(what));
        for (int batch = 0; batch < 2; batch++) assertThat(Replies.untilReady(last)).containsExactly("error 53300", "ready IDLE");

        comeBack();
        for (int i = 0; i < 2; i++) assertThat(Replies.untilReady(all.get(i))).containsExactly("row held " + i, "INSERT 0 1", "ready IDLE");
        assertThat(Replies.value(last, "select string_agg(what, ', ' order by what) from kept")).isEqualTo("held 0, held 1");
        assertBooksAddUp();
    }

    @Test
    void the_longest_wait_ends_in_an_error_and_the_client_stays_and_works_when_there_is_a_primary() throws Exception {
        startProxy("max-wait = 1s");
        WireClient client = client();
        lose();
        client.send(new Query("insert into kept (what) values ('not done')"));
        assertThat(Replies.untilReady(client)).containsExactly("error 57P03", "ready IDLE");
        assertThat(Replies.ask(client, "select 'at once'")).containsExactly("error 57P03", "ready IDLE");

        comeBack();
        await().untilAsserted(() -> assertThat(Replies.ask(client, "select count(*) from kept")).containsExactly("row 0", "SELECT 1", "ready IDLE"));
        assertBooksAddUp();
        assertThat(hold("refused")).isPositive();
    }

    // --- who waits

    @Test
    void who_logs_in_while_there_is_no_primary_is_let_in_and_waits_at_the_first_statement() throws Exception {
        startProxy(PATIENT);
        client();
        lose();
        WireClient late = WireClient.ofApp(proxy.server().port(), Map.of());   // greeted as the one before
        clients.add(late);
        assertThatThrownBy(() -> proxy.connect("app", PostgresFixture.APP_USER, "wrong")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
        late.send(new Query("select 'late'"));
        awaitWaiting(1);

        comeBack();
        assertThat(Replies.untilReady(late)).containsExactly("row late", "SELECT 1", "ready IDLE");
        assertBooksAddUp();
    }

    @Test
    void what_is_sent_by_one_that_is_not_greeted_yet_counts() throws Exception {
        startProxy(PATIENT + ", max-bytes = 64KiB", "auth.method = trust");
        client();
        lose();
        ByteBuf out = Unpooled.buffer();
        var startup = new TreeMap<>(Map.of("user", PostgresFixture.APP_USER, "database", PostgresFixture.DATABASE, "work_mem", "1MB"));
        new StartupMessage(StartupMessage.MAJOR, 0, startup).encode(out);
        try (var socket = new Socket("127.0.0.1", proxy.server().port())) {
            socket.getOutputStream().write(out.array(), 0, out.readableBytes());
            awaitWaiting(1);
            out.clear();
            new Query("select 'early' /* " + "x".repeat(5_000) + " */").encode(out);
            socket.getOutputStream().write(out.array(), 0, out.readableBytes());
            await().untilAsserted(() -> assertThat(hold("waiting_bytes")).isEqualTo(out.readableBytes()));
        }
        assertThat(hold("refused")).isZero();
        awaitWaiting(0);
        comeBack();
        assertBooksAddUp();
    }

    @Test
    void a_pipeline_that_waits_is_answered_in_its_order_and_done_once() throws Exception {
        startProxy(PATIENT + ", drain-concurrency = 1");
        List<WireClient> all = clients(4);
        lose();
        for (int i = 0; i < 4; i++) {
            WireClient client = all.get(i);
            client.send(insert(i + " first"));
            client.send(new Query("insert into kept (what) values ('" + i + " second') returning what"));
            client.send(insert(i + " third"));
            awaitWaiting(i + 1);
        }

        comeBack();
        for (int i = 0; i < 4; i++) {
            for (String what : List.of("first", "second", "third")) assertThat(Replies.untilReady(all.get(i))).containsExactly("row " + i + " " + what, "INSERT 0 1", "ready IDLE");
            assertThat(Replies.value(all.getFirst(), "select string_agg(what, ', ' order by n) from kept where what like '" + i + " %'")).isEqualTo(i + " first, " + i + " second, " + i + " third");
        }
        assertBooksAddUp();
        assertThat(hold("drained")).isGreaterThanOrEqualTo(4);
    }

    // --- who keeps a backend

    private void startSlowDrain() throws SQLException {
        startProxy(PATIENT + ", drain-concurrency = 1", "runtime.event-loops = 1");
    }

    /// Two that wait behind those who wait already are served.
    private void assertOthersAreServed(List<WireClient> others) throws Exception {
        int ahead = (int) hold("waiting");
        for (int i = 0; i < others.size(); i++) {
            others.get(i).send(new Query("select 'served'"));
            awaitWaiting(ahead + i + 1);
        }
        comeBack();
        for (WireClient other : others) assertThat(Replies.untilReady(other)).containsExactly("row served", "SELECT 1", "ready IDLE");
        assertBooksAddUp();
    }

    @Test
    void who_listens_holds_nobody_up_when_there_is_a_primary_again() throws Exception {
        startSlowDrain();
        WireClient listens = client();
        assertThat(Replies.ask(listens, "listen news")).containsExactly("LISTEN", "ready IDLE");
        List<WireClient> others = clients(2);
        lose();
        awaitWaiting(1);
        assertOthersAreServed(others);
    }

    @Test
    void who_stays_in_a_transaction_holds_nobody_up_when_there_is_a_primary_again() throws Exception {
        startSlowDrain();
        WireClient stays = client();
        List<WireClient> others = clients(2);
        lose();
        stays.send(new Query("begin"));
        awaitWaiting(1);
        assertOthersAreServed(others);
        assertThat(Replies.untilReady(stays)).containsExactly("BEGIN", "ready IN_TRANSACTION");
        assertThat(Replies.ask(stays, "commit")).containsExactly("COMMIT", "ready IDLE");
    }

    @Test
    void a_long_statement_holds_nobody_up_when_there_is_a_primary_again() throws Exception {
        startSlowDrain();
        WireClient takesLong = client();
        List<WireClient> others = clients(2);
        lose();
        takesLong.send(new Query("select pg_sleep(600)"));
        awaitWaiting(1);
        assertOthersAreServed(others);
    }

    @Test
    void the_log_says_when_a_hold_begins_and_ends_why_and_who_waited() throws Exception {
        startProxy(PATIENT);
        List<WireClient> all = clients(2);
        var logger = (Logger) LoggerFactory.getLogger("org.pgkeel.proxy.session.Gates");
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        logger.addAppender(lines);
        logger.setLevel(Level.INFO);
        try {
            lose();
            for (int i = 0; i < 2; i++) {
                all.get(i).send(new Query("select 'held'"));
                awaitWaiting(i + 1);
            }
            comeBack();
            for (WireClient client : all) assertThat(Replies.untilReady(client)).containsExactly("row held", "SELECT 1", "ready IDLE");
        } finally {
            logger.setLevel(null);
            logger.detachAppender(lines);
        }
        String log = lines.list.stream().map(ILoggingEvent::getFormattedMessage).collect(Collectors.joining("\n"));
        assertThat(log).contains("cluster main: hold begins: primary_lost").containsPattern("cluster main: hold ends after \\d+ ms: primary .*; 2 held, 0 refused, 0 gone, 2 wait");
    }

    @Test
    void one_that_listens_and_is_refused_within_the_head_of_a_message_goes_on_with_it() throws Exception {
        startProxy("max-wait = 1s");
        WireClient listens = client();
        assertThat(Replies.ask(listens, "listen news")).containsExactly("LISTEN", "ready IDLE");
        lose();
        ByteBuf query = Unpooled.buffer();
        new Query("select 'heard'").encode(query);
        byte[] bytes = ByteBufUtil.getBytes(query);
        listens.sendRaw(bytes, 0, 3);
        long refused = hold("refused");
        await().untilAsserted(() -> assertThat(hold("refused")).isGreaterThanOrEqualTo(refused + 2));

        comeBack();
        await().untilAsserted(() -> assertThat(hold()).containsEntry("state", "open"));
        listens.sendRaw(bytes, 3, bytes.length - 3);
        assertThat(Replies.untilReady(listens)).containsExactly("row heard", "SELECT 1", "ready IDLE");
        assertBooksAddUp();
    }

    @Test
    void one_that_listens_and_is_refused_behind_the_rest_of_a_copy_that_failed_hears_nothing_of_it() throws Exception {
        startProxy("max-wait = 1s");
        WireClient listens = client();
        assertThat(Replies.ask(listens, "listen news")).containsExactly("LISTEN", "ready IDLE");
        lose();
        listens.sendRaw(new byte[] {'d', 0, 0, 0, 5, 'x'}, 0, 6);
        long refused = hold("refused");
        await().untilAsserted(() -> assertThat(hold("refused")).isGreaterThanOrEqualTo(refused + 2));

        comeBack();
        await().untilAsserted(() -> assertThat(hold()).containsEntry("state", "open"));
        assertThat(Replies.ask(listens, "select 'heard'")).containsExactly("row heard", "SELECT 1", "ready IDLE");
        assertBooksAddUp();
    }

    // --- what was under way

    @Test
    void a_read_of_which_the_client_has_rows_fails_and_the_client_stays() throws Exception {
        startProxy(PATIENT);
        WireClient client = client();
        client.send(new Query("select repeat('x', 10000), generate_series(1, 100000000)"));
        while (!(client.read() instanceof DataRow)) { }
        lose();
        assertThat(Replies.error(client)).isEqualTo("40001");
        assertThat(Replies.untilReady(client)).containsExactly("ready IDLE");
        client.send(new Query("select 'stayed'"));
        awaitWaiting(1);

        comeBack();
        assertThat(Replies.untilReady(client)).containsExactly("row stayed", "SELECT 1", "ready IDLE");
    }

    @Test
    void a_copy_in_a_transaction_fails_with_it_and_the_client_stays() throws Exception {
        startProxy(PATIENT);
        WireClient client = client();
        assertThat(Replies.ask(client, "begin")).containsExactly("BEGIN", "ready IN_TRANSACTION");
        client.send(new Query("copy kept (what) from stdin"), new CopyData(Octets.ofText("one\n")));
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where query like 'copy kept%' and state = 'active'").equals("1"));
        lose();
        client.send(new CopyData(Octets.ofText("two\n")), CopyDone.INSTANCE);
        assertThat(Replies.untilReady(client)).containsExactly("error 40001", "ready FAILED");
        assertThat(Replies.ask(client, "select 1")).containsExactly("error 25P02", "ready FAILED");
        assertThat(Replies.ask(client, "rollback")).containsExactly("ROLLBACK", "ready IDLE");

        comeBack();
        assertThat(Replies.value(client, "select count(*) from kept")).isEqualTo("0");
    }
}
