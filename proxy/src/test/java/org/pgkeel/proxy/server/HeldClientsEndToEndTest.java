package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.Socket;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;
import org.slf4j.LoggerFactory;

/// Clients while their cluster has no primary: who waits, who is refused and stays, who comes in meanwhile, and what they get when it is back.
/// Those that keep a backend: [KeptBackendsEndToEndTest].
final class HeldClientsEndToEndTest {
    /// Of a Query message beside its text.
    private static final int QUERY_BYTES = 6;

    @RegisterExtension
    static final HoldWorld world = new HoldWorld();

    private static FrontendMessage[] insert(String what) {
        return new FrontendMessage[] {new Parse("", "insert into kept (what) values ($1) returning what", List.of()), new Bind("", "", List.of(), List.of(Value.ofText(what)), List.of()),
                new Execute("", 0), Sync.INSTANCE};
    }

    // --- the bounds

    @Test
    void requests_that_wait_are_bounded_in_bytes_and_one_that_is_too_much_is_refused() throws Exception {
        world.startProxy(HoldWorld.PATIENT + ", max-bytes = 64KiB");
        List<WireClient> all = world.clients(5);
        world.lose();
        String large = "select 'large' /* " + "x".repeat(15_000) + " */";
        for (int i = 0; i < 4; i++) {
            all.get(i).send(new Query(large));
            world.awaitWaiting(i + 1);
        }
        WireClient last = all.getLast();
        last.send(new Query(large));
        assertThat(Replies.untilReady(last)).containsExactly("error 53300", "ready IDLE");
        last.send(new Query("select 'small'"));
        world.awaitWaiting(5);
        long bytes = 4L * (large.length() + QUERY_BYTES) + "select 'small'".length() + QUERY_BYTES;
        assertThat(world.hold("waiting_bytes")).isEqualTo(bytes);
        // What one that waits goes on to send counts too: there is room for its second request when the first is refused.
        all.getFirst().send(new Query(large));
        assertThat(Replies.untilReady(all.getFirst())).containsExactly("error 53300", "ready IDLE");
        await().untilAsserted(() -> assertThat(world.hold("waiting_bytes")).isEqualTo(bytes));

        world.comeBack();
        for (int i = 0; i < 4; i++) assertThat(Replies.untilReady(all.get(i))).containsExactly("row large", "SELECT 1", "ready IDLE");
        assertThat(Replies.untilReady(last)).containsExactly("row small", "SELECT 1", "ready IDLE");
        assertThat(Replies.value(last, large)).isEqualTo("large");
        world.assertBooksAddUp();
    }

    @Test
    void clients_that_wait_are_bounded_in_number_and_one_too_many_is_refused_batch_by_batch_and_stays() throws Exception {
        world.startProxy(HoldWorld.PATIENT + ", max-clients = 2");
        List<WireClient> all = world.clients(3);
        world.lose();
        for (int i = 0; i < 2; i++) {
            all.get(i).send(insert("held " + i));
            world.awaitWaiting(i + 1);
        }
        WireClient last = all.getLast();
        last.send(new Query("select 1"));
        assertThat(Replies.untilReady(last)).containsExactly("error 53300", "ready IDLE");
        for (String what : List.of("refused", "refused, too")) last.send(insert(what));
        for (int batch = 0; batch < 2; batch++) assertThat(Replies.untilReady(last)).containsExactly("error 53300", "ready IDLE");

        world.comeBack();
        for (int i = 0; i < 2; i++) assertThat(Replies.untilReady(all.get(i))).containsExactly("row held " + i, "INSERT 0 1", "ready IDLE");
        assertThat(Replies.value(last, "select string_agg(what, ', ' order by what) from kept")).isEqualTo("held 0, held 1");
        world.assertBooksAddUp();
    }

    @Test
    void the_longest_wait_ends_in_an_error_and_the_client_stays_and_works_when_there_is_a_primary() throws Exception {
        world.startProxy("max-wait = 1s");
        WireClient client = world.client();
        world.lose();
        client.send(new Query("insert into kept (what) values ('not done')"));
        assertThat(Replies.untilReady(client)).containsExactly("error 57P03", "ready IDLE");
        assertThat(Replies.ask(client, "select 'at once'")).containsExactly("error 57P03", "ready IDLE");

        world.comeBack();
        await().untilAsserted(() -> assertThat(Replies.ask(client, "select count(*) from kept")).containsExactly("row 0", "SELECT 1", "ready IDLE"));
        world.assertBooksAddUp();
        assertThat(world.hold("refused")).isPositive();
    }

    // --- who waits

    @Test
    void who_logs_in_while_there_is_no_primary_is_let_in_and_waits_at_the_first_statement() throws Exception {
        world.startProxy(HoldWorld.PATIENT);
        world.client();
        world.lose();
        WireClient late = world.newClient();   // greeted as the one before
        assertThatThrownBy(() -> world.proxy().connect("app", PostgresFixture.APP_USER, "wrong")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
        late.send(new Query("select 'late'"));
        world.awaitWaiting(1);

        world.comeBack();
        assertThat(Replies.untilReady(late)).containsExactly("row late", "SELECT 1", "ready IDLE");
        world.assertBooksAddUp();
    }

    @Test
    void what_is_sent_by_one_that_is_not_greeted_yet_counts() throws Exception {
        world.startProxy(HoldWorld.PATIENT + ", max-bytes = 64KiB", "auth.method = trust");
        world.client();
        world.lose();
        ByteBuf out = Unpooled.buffer();
        var startup = new TreeMap<>(Map.of("user", PostgresFixture.APP_USER, "database", PostgresFixture.DATABASE, "work_mem", "1MB"));
        new StartupMessage(StartupMessage.MAJOR, 0, startup).encode(out);
        try (var socket = new Socket("127.0.0.1", world.proxy().server().port())) {
            socket.getOutputStream().write(out.array(), 0, out.readableBytes());
            world.awaitWaiting(1);
            out.clear();
            new Query("select 'early' /* " + "x".repeat(5_000) + " */").encode(out);
            socket.getOutputStream().write(out.array(), 0, out.readableBytes());
            await().untilAsserted(() -> assertThat(world.hold("waiting_bytes")).isEqualTo(out.readableBytes()));
        }
        assertThat(world.hold("refused")).isZero();
        world.awaitWaiting(0);
        world.comeBack();
        world.assertBooksAddUp();
    }

    @Test
    void a_pipeline_that_waits_is_answered_in_its_order_and_done_once() throws Exception {
        world.startProxy(HoldWorld.PATIENT + ", drain-concurrency = 1");
        List<WireClient> all = world.clients(4);
        world.lose();
        for (int i = 0; i < 4; i++) {
            WireClient client = all.get(i);
            client.send(insert(i + " first"));
            client.send(new Query("insert into kept (what) values ('" + i + " second') returning what"));
            client.send(insert(i + " third"));
            world.awaitWaiting(i + 1);
        }

        world.comeBack();
        for (int i = 0; i < 4; i++) {
            for (String what : List.of("first", "second", "third")) assertThat(Replies.untilReady(all.get(i))).containsExactly("row " + i + " " + what, "INSERT 0 1", "ready IDLE");
            assertThat(Replies.value(all.getFirst(), "select string_agg(what, ', ' order by n) from kept where what like '" + i + " %'")).isEqualTo(i + " first, " + i + " second, " + i + " third");
        }
        world.assertBooksAddUp();
        assertThat(world.hold("drained")).isGreaterThanOrEqualTo(4);
    }

    @Test
    void the_log_says_when_a_hold_begins_and_ends_why_and_who_waited() throws Exception {
        world.startProxy(HoldWorld.PATIENT);
        List<WireClient> all = world.clients(2);
        var logger = (Logger) LoggerFactory.getLogger("org.pgkeel.proxy.session.Gates");
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        logger.addAppender(lines);
        logger.setLevel(Level.INFO);
        try {
            world.lose();
            for (int i = 0; i < 2; i++) {
                all.get(i).send(new Query("select 'held'"));
                world.awaitWaiting(i + 1);
            }
            world.comeBack();
            for (WireClient client : all) assertThat(Replies.untilReady(client)).containsExactly("row held", "SELECT 1", "ready IDLE");
        } finally {
            logger.setLevel(null);
            logger.detachAppender(lines);
        }
        String log = lines.list.stream().map(ILoggingEvent::getFormattedMessage).collect(Collectors.joining("\n"));
        assertThat(log).containsPattern("cluster main: hold (begins|goes on): primary_lost; \\d+ backends are open, \\d+ clients wait").containsPattern("cluster main: hold ends after \\d+ ms: primary .*; 2 held, 0 refused, 0 gone, 2 wait");
    }

    // --- what was under way

    @Test
    void a_read_of_which_the_client_has_rows_fails_and_the_client_stays() throws Exception {
        world.startProxy(HoldWorld.PATIENT);
        WireClient client = world.client();
        client.send(new Query("select repeat('x', 10000), generate_series(1, 100000000)"));
        while (!(client.read() instanceof DataRow)) { }
        world.lose();
        assertThat(Replies.error(client)).isEqualTo("40001");
        assertThat(Replies.untilReady(client)).containsExactly("ready IDLE");
        client.send(new Query("select 'stayed'"));
        world.awaitWaiting(1);

        world.comeBack();
        assertThat(Replies.untilReady(client)).containsExactly("row stayed", "SELECT 1", "ready IDLE");
    }

    @Test
    void a_copy_in_a_transaction_fails_with_it_and_the_client_stays() throws Exception {
        world.startProxy(HoldWorld.PATIENT);
        WireClient client = world.client();
        assertThat(Replies.ask(client, "begin")).containsExactly("BEGIN", "ready IN_TRANSACTION");
        client.send(new Query("copy kept (what) from stdin"), new CopyData(Octets.ofText("one\n")));
        await().until(() -> world.postgres().query("select count(*) from pg_stat_activity where query like 'copy kept%' and state = 'active'").equals("1"));
        world.lose();
        client.send(new CopyData(Octets.ofText("two\n")), CopyDone.INSTANCE);
        assertThat(Replies.untilReady(client)).containsExactly("error 40001", "ready FAILED");
        assertThat(Replies.ask(client, "select 1")).containsExactly("error 25P02", "ready FAILED");
        assertThat(Replies.ask(client, "rollback")).containsExactly("ROLLBACK", "ready IDLE");

        world.comeBack();
        assertThat(Replies.value(client, "select count(*) from kept")).isEqualTo("0");
    }
}
