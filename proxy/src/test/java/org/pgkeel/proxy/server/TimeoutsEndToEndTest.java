package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

/// What the limits of time do to clients, and to what they left in the server.
class TimeoutsEndToEndTest {
    private static final PostgresFixture postgres = SharedPostgres.get();

    @BeforeAll
    static void tables() {
        postgres.execute("create table if not exists timed_rows (x int)", "grant all on timed_rows to app");
    }

    private static TestProxy proxy(String keys) {
        return TestProxy.start(postgres, "databases.\"*\".pool.max = 1\n" + keys);
    }

    private static WireClient client(TestProxy proxy, String application) throws IOException {
        return WireClient.ofApp(proxy.port(), Map.of("application_name", application));
    }

    private static void assertClosed(WireClient client) {
        assertThatThrownBy(client::read).isInstanceOf(EOFException.class);
    }

    private static void assertNothingLeft(String application) {
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where application_name = '"
                + application + "' and state <> 'idle'").equals("0"));
    }

    /// The pool of one serves the next client, outside of any transaction.
    private static void assertServes(TestProxy proxy) throws IOException {
        try (WireClient next = client(proxy, "next")) {
            assertThat(Replies.ask(next, "select 'served'")).containsExactly("row served", "SELECT 1", "ready IDLE");
        }
    }

    @Test
    void a_statement_that_runs_too_long_is_cancelled_in_the_server() throws Exception {
        try (TestProxy proxy = proxy("timeouts.query = 3s"); WireClient client = client(proxy, "timed query")) {
            client.send(new Query("select pg_sleep(600)"));
            assertThat(Replies.error(client)).isEqualTo("57014");
            assertClosed(client);
            assertNothingLeft("timed query");
            assertServes(proxy);
        }
    }

    @Test
    void a_client_idle_in_its_transaction_is_closed_and_rolled_back() throws Exception {
        try (TestProxy proxy = proxy("timeouts.idle-in-transaction = 2s"); WireClient client = client(proxy, "timed idle")) {
            Replies.ask(client, "begin; insert into timed_rows values (1)");
            assertThat(Replies.error(client)).isEqualTo("25P03");
            assertClosed(client);
            assertNothingLeft("timed idle");
            assertThat(postgres.query("select count(*) from timed_rows where x = 1")).isEqualTo("0");
            assertServes(proxy);
        }
    }

    @Test
    void the_time_of_a_statement_is_not_idle_time() throws Exception {
        try (TestProxy proxy = proxy("timeouts { idle-in-transaction = 6s, client-idle = 6s }"); WireClient client = client(proxy, "timed busy")) {
            assertThat(Replies.ask(client, "select 1 from pg_sleep(7)")).endsWith("ready IDLE");
            assertStays(client);
            Replies.ask(client, "begin");
            assertThat(Replies.ask(client, "select 1 from pg_sleep(7)")).endsWith("ready IN_TRANSACTION");
            assertStays(client);
            Replies.ask(client, "rollback");
        }
    }

    @Test
    void nor_is_the_time_of_a_wait_that_ended_in_a_refusal() throws Exception {
        try (TestProxy proxy = proxy("databases.\"*\".pool.max-wait = 7s\ntimeouts.client-idle = 6s"); WireClient holder = client(proxy, "timed holder"); WireClient client = client(proxy, "timed waiter")) {
            Replies.ask(holder, "begin");
            assertThat(Replies.ask(client, "select 1")).containsExactly("error 57P03", "ready IDLE");
            assertStays(client);
            Replies.ask(holder, "rollback");
            assertThat(Replies.ask(client, "select 1")).containsExactly("row 1", "SELECT 1", "ready IDLE");
        }
    }

    /// Hears nothing for long enough for the limits to have been looked at.
    private static void assertStays(WireClient client) throws IOException {
        client.patience(Duration.ofMillis(1300));
        assertThatThrownBy(client::read).isInstanceOf(SocketTimeoutException.class);
        client.patience(Duration.ofSeconds(90));
    }

    @Test
    void a_transaction_that_lasts_too_long_is_ended_though_its_client_is_busy() throws Exception {
        try (TestProxy proxy = proxy("timeouts.transaction = 2s"); WireClient client = client(proxy, "timed transaction")) {
            Replies.ask(client, "begin; insert into timed_rows values (2)");
            client.send(new Query("select pg_sleep(600)"));
            assertThat(Replies.error(client)).isEqualTo("25P04");
            assertClosed(client);
            assertNothingLeft("timed transaction");
            assertThat(postgres.query("select count(*) from timed_rows where x = 2")).isEqualTo("0");
            assertServes(proxy);
        }
    }

    @Test
    void an_idle_client_is_closed() throws Exception {
        try (TestProxy proxy = proxy("timeouts.client-idle = 4s"); WireClient client = client(proxy, "timed client")) {
            Replies.ask(client, "select 1");
            assertThat(Replies.error(client)).isEqualTo("57P05");
            assertClosed(client);
            assertServes(proxy);
        }
    }

    @Test
    void a_login_that_takes_too_long_is_ended() throws Exception {
        try (TestProxy proxy = proxy("timeouts.login = 5s"); Socket silent = new Socket("127.0.0.1", proxy.port())) {
            silent.setSoTimeout(90_000);
            String told = new String(silent.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(told.isEmpty() || told.contains("57014")).as(told).isTrue();
            assertServes(proxy);
        }
    }

    @Test
    void a_client_whose_wait_for_a_backend_ran_out_stays_and_works_afterwards() throws Exception {
        try (TestProxy proxy = proxy("databases.\"*\".pool.max-wait = 2s"); WireClient holder = client(proxy, "timed holder");
                WireClient client = client(proxy, "timed waiter")) {
            Replies.ask(holder, "begin");
            assertThat(Replies.ask(client, "select 1")).containsExactly("error 57P03", "ready IDLE");

            for (int sync = 0; sync < 3; sync++) {
                client.send(new Parse("", "select " + sync, List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Execute("", 0), Sync.INSTANCE);
            }
            for (int sync = 0; sync < 3; sync++) assertThat(Replies.untilReady(client)).containsExactly("error 57P03", "ready IDLE");

            client.send(new Query("select 1"), new Query("select 2"));
            for (int query = 0; query < 2; query++) assertThat(Replies.untilReady(client)).containsExactly("error 57P03", "ready IDLE");

            Replies.ask(holder, "commit");
            assertThat(Replies.ask(client, "select 'simple'")).containsExactly("row simple", "SELECT 1", "ready IDLE");
            client.send(new Parse("named", "select 'extended'", List.of()), new Bind("", "named", List.of(), List.of(), List.of()), new Execute("", 0), Sync.INSTANCE);
            assertThat(Replies.untilReady(client)).containsExactly("row extended", "SELECT 1", "ready IDLE");
        }
    }
}
