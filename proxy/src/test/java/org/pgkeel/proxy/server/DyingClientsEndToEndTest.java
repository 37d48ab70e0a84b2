package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.protocol.backend.CopyInResponse;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Flush;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Terminate;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

/// Clients that vanish at a bad moment: nothing of theirs goes on in the server, and nobody inherits it.
class DyingClientsEndToEndTest {
    private static final AtomicInteger NUMBERS = new AtomicInteger(7_300_000);
    private static final PostgresFixture postgres = SharedPostgres.get();

    /// What the client was doing.
    enum Moment {
        MID_SHORT_MESSAGE, MID_LONG_MESSAGE, COPY_IN, COPY_IN_BLOCKED, COPY_OUT, RUNNING_QUERY, RUNNING_PIPELINE, WITHOUT_SYNC, IDLE_IN_TRANSACTION, FAILED_TRANSACTION, PINNED;

        /// The backend is in the middle of something: what was only begun in the proxy is not in the backend.
        boolean owesReplies() {
            return switch (this) {
                case MID_LONG_MESSAGE, COPY_IN, COPY_IN_BLOCKED, COPY_OUT, RUNNING_QUERY, RUNNING_PIPELINE, WITHOUT_SYNC -> true;
                case MID_SHORT_MESSAGE, IDLE_IN_TRANSACTION, FAILED_TRANSACTION, PINNED -> false;
            };
        }
    }

    static Stream<Arguments> deaths() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Ending.values()).map(ending -> Arguments.of(moment, ending)));
    }

    @BeforeAll
    static void tables() {
        postgres.execute("create table if not exists dying_rows (x int)", "create table if not exists dying_locked (x int)",
                "grant all on dying_rows, dying_locked to app");
    }

    @ParameterizedTest
    @MethodSource("deaths")
    void nothing_of_a_client_that_vanished_is_left(Moment moment, Ending ending) throws Exception {
        int number = NUMBERS.incrementAndGet();
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 1"); var locker = postgres.connect()) {
            WireClient client = WireClient.ofApp(proxy.port(), Map.of("application_name", "dying " + number));
            Replies.ask(client, "set search_path = pg_catalog, public");
            if (moment != Moment.PINNED) Replies.ask(client, "begin; insert into dying_rows values (" + number + "); select pg_advisory_xact_lock(" + number + ")");
            String pid = Replies.value(client, "select pg_backend_pid()");
            if (moment == Moment.COPY_IN_BLOCKED) {
                locker.setAutoCommit(false);
                TestProxy.execute(locker, "lock table dying_locked");
            }
            reach(moment, client, number, pid);
            ending.of(client);

            await().untilAsserted(() -> {
                assertThat(busy("dying " + number)).isEqualTo("0");
                assertThat(postgres.query("select count(*) from pg_locks where locktype = 'advisory' and objid = " + number)).isEqualTo("0");
            });
            assertThat(postgres.query("select count(*) from dying_rows where x = " + number)).isEqualTo("0");
            // DISCARD ALL gives the locks back before it drops the tables.
            await().until(() -> postgres.query("select count(*) from pg_class where relname = 'dying_temp_" + number + "'").equals("0"));
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                String nextPid = Replies.value(next, "select pg_backend_pid()");
                if (moment.owesReplies()) assertThat(nextPid).isNotEqualTo(pid);
                assertThat(Replies.value(next, "show search_path")).isEqualTo("\"$user\", public");
                assertThat(Replies.ask(next, "begin; commit")).containsExactly("BEGIN", "COMMIT", "ready IDLE");
            }
            assertThat(proxy.server().pools().all().iterator().next().shared().open()).isEqualTo(1);
        }
    }

    private static void reach(Moment moment, WireClient client, int number, String pid) throws IOException {
        switch (moment) {
            case MID_SHORT_MESSAGE -> client.sendRaw(new byte[] {'Q', 0, 0, 0, 100, 's', 'e', 'l'}, 0, 8);
            case MID_LONG_MESSAGE -> {
                byte[] part = new byte[1 << 17];
                Arrays.fill(part, (byte) ' ');
                System.arraycopy(new byte[] {'Q', 8, 0, 0, 0}, 0, part, 0, 5);
                client.sendRaw(part, 0, part.length);
            }
            case COPY_IN -> {
                beginCopy(client, "copy dying_rows from stdin");
                for (int i = 0; i < 1000; i++) client.send(new CopyData(Octets.ofText(number + "\n")));
            }
            case COPY_IN_BLOCKED -> {
                client.send(new Query("copy dying_locked from stdin"));
                awaitWait(pid, "relation");
                for (int i = 0; i < 1000; i++) client.send(new CopyData(Octets.ofText(number + "\n")));
            }
            case COPY_OUT -> {
                client.send(new Query("copy (select repeat('x', 1000) from generate_series(1, 100000000)) to stdout"));
                for (int rows = 0; rows < 10; ) if (client.read() instanceof org.pgkeel.protocol.backend.CopyData) rows++;
                awaitWait(pid, "ClientWrite");
            }
            case RUNNING_QUERY -> {
                client.send(new Query("select pg_sleep(600)"));
                awaitWait(pid, "PgSleep");
            }
            case RUNNING_PIPELINE -> {
                client.send(new Query("select pg_sleep(600)"), new Query("insert into dying_rows values (" + number + ")"), new Query("commit"));
                awaitWait(pid, "PgSleep");
            }
            case WITHOUT_SYNC -> {
                client.send(new Parse("", "select pg_sleep(600)", List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Execute("", 0),
                        Flush.INSTANCE);
                awaitWait(pid, "PgSleep");
            }
            case IDLE_IN_TRANSACTION -> { }
            case FAILED_TRANSACTION -> Replies.ask(client, "select 1/0");
            case PINNED -> {
                Replies.ask(client, "create temp table dying_temp_" + number + " (x int)");
                Replies.ask(client, "select pg_advisory_lock(" + number + ")");
                Replies.ask(client, "listen dying_" + number);
            }
        }
    }

    private static void beginCopy(WireClient client, String copy) throws IOException {
        client.send(new Query(copy));
        while (!(client.read() instanceof CopyInResponse)) { }
    }

    private static void awaitWait(String pid, String event) {
        await().until(() -> event.equals(postgres.query("select wait_event from pg_stat_activity where pid = " + pid)));
    }

    /// Backends of this application that have something under way.
    private static String busy(String application) {
        return postgres.query("select count(*) from pg_stat_activity where application_name = '" + application + "' and state <> 'idle'");
    }

    @Test
    void what_a_client_asked_for_before_its_goodbye_is_done() throws Exception {
        int number = NUMBERS.incrementAndGet();
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 1")) {
            WireClient client = WireClient.ofApp(proxy.port(), Map.of());
            String pid = Replies.value(client, "select pg_backend_pid()");
            client.send(new Query("insert into dying_rows select " + number + " from pg_sleep(0.5)"), Terminate.INSTANCE);
            client.vanish();
            await().until(() -> postgres.query("select count(*) from dying_rows where x = " + number).equals("1"));
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                assertThat(Replies.value(next, "select pg_backend_pid()")).isEqualTo(pid);
            }
        }
    }

    @Test
    void a_client_that_said_goodbye_is_gone_though_its_settings_fail() throws Exception {
        postgres.execute("drop role if exists dying_role", "create role dying_role", "grant dying_role to app");
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 1")) {
            try (WireClient other = WireClient.ofApp(proxy.port(), Map.of())) {
                WireClient client = WireClient.ofApp(proxy.port(), Map.of());
                Replies.ask(client, "set role dying_role");
                assertThat(Replies.value(other, "select current_user")).isEqualTo("app");
                postgres.execute("revoke dying_role from app", "drop role dying_role");

                client.send(new Query("select 1"), Terminate.INSTANCE);

                await().untilAsserted(() -> assertThat(proxy.server().admission().clients()).isEqualTo(1));
                assertThat(Replies.value(other, "select current_user")).isEqualTo("app");
            }
        }
    }

    @Test
    void a_goodbye_in_a_transaction_rolls_it_back() throws Exception {
        int number = NUMBERS.incrementAndGet();
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 1")) {
            WireClient client = WireClient.ofApp(proxy.port(), Map.of());
            client.send(new Query("begin; insert into dying_rows select " + number + " from pg_sleep(0.2)"), Terminate.INSTANCE);
            client.vanish();
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                assertThat(Replies.value(next, "select count(*) from dying_rows where x = " + number)).isEqualTo("0");
            }
        }
    }

    /// With messages behind which a server would wait for ever, were it not for the goodbye.
    @Test
    void a_goodbye_in_a_copy_or_without_a_sync_leaves_no_backend_behind() throws Exception {
        int number = NUMBERS.incrementAndGet();
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 1")) {
            WireClient copying = WireClient.ofApp(proxy.port(), Map.of());
            beginCopy(copying, "copy dying_rows from stdin");
            copying.send(new CopyData(Octets.ofText(number + "\n")), Terminate.INSTANCE);
            copying.vanish();
            WireClient hasty = WireClient.ofApp(proxy.port(), Map.of());
            hasty.send(new Query("copy dying_rows from stdin"), Terminate.INSTANCE);
            hasty.vanish();
            WireClient unsynced = WireClient.ofApp(proxy.port(), Map.of());
            unsynced.send(new Query("select pg_sleep(0.1)"), new Parse("", "insert into dying_rows values (" + number + ")", List.of()),
                    new Bind("", "", List.of(), List.of(), List.of()), new Execute("", 0), Terminate.INSTANCE);
            unsynced.vanish();
            try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                assertThat(Replies.value(next, "select count(*) from dying_rows where x = " + number)).isEqualTo("0");
            }
        }
    }
}
