package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.Socket;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// Clients whose rows have an order are moved to one event loop of several when they log in.
class HomeLoopEndToEndTest {
    private static final int LOOPS = 3;
    private static final String COMMON = "runtime.event-loops = " + LOOPS + "\ndatabases.\"*\".pool { max = 6, max-wait = 10m }\n";
    private static final String ORDERED = "coalesce = [ { table = public.at_home, order-by = k, copy-from-rows = 3 } ]\n";

    private final PostgresFixture postgres = SharedPostgres.get();

    @BeforeEach
    void table() {
        postgres.execute("create table if not exists at_home (k int, n int)", "truncate at_home", "grant all on at_home to app");
    }

    private String tls() {
        var server = postgres.certificates().server();
        return "listen.tls { mode = prefer, cert = \"%s\", key = \"%s\" }\n".formatted(server.cert(), server.key());
    }

    /// By event loop.
    private static List<Integer> clients(TestProxy proxy) {
        return proxy.server().survey().askAll(context -> List.of(context.sessions().size())).join();
    }

    private static List<Long> rows(TestProxy proxy) {
        return proxy.server().survey().askAll(context -> List.of(context.coalescer().snapshots().stream().mapToLong(CoalesceSnapshot::allRows).sum())).join();
    }

    private static void insert(Connection client, AtomicInteger numbers) throws SQLException {
        try (var insert = client.prepareStatement("insert into at_home (k, n) values (?, ?)")) {
            insert.setInt(1, 1);
            insert.setInt(2, numbers.getAndIncrement());
            assertThat(insert.executeUpdate()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"disable", "require"})
    void clients_of_one_database_and_user_meet_on_one_event_loop(String sslmode) throws SQLException {
        var numbers = new AtomicInteger();
        var clients = new ArrayList<Connection>();
        try (TestProxy proxy = TestProxy.start(postgres, COMMON + tls() + ORDERED)) {
            for (int i = 0; i < 4 * LOOPS; i++) clients.add(proxy.connect("sslmode", sslmode));
            assertThat(clients(proxy)).containsExactlyInAnyOrder(4 * LOOPS, 0, 0);
            for (int round = 0; round < 5; round++) for (Connection each : clients) insert(each, numbers);
            for (Connection each : clients) each.close();
        }
        assertThat(postgres.query("select count(*) || ' ' || count(distinct n) from at_home")).isEqualTo("60 60");
    }

    @Test
    void clients_without_an_order_stay_where_they_are() throws SQLException {
        try (TestProxy proxy = TestProxy.start(postgres, COMMON + ORDERED.replace("order-by", "user = somebody, order-by"))) {
            var clients = new ArrayList<Connection>();
            for (int i = 0; i < 4 * LOOPS; i++) clients.add(proxy.connect());
            assertThat(clients(proxy)).doesNotContain(4 * LOOPS);
            for (Connection each : clients) each.close();
        }
    }

    /// Those who are elsewhere when a reload sets an order share no commits; those who come then do.
    @Test
    void rows_meet_on_one_event_loop_when_a_reload_sets_an_order() throws SQLException {
        var numbers = new AtomicInteger();
        try (TestProxy proxy = TestProxy.start(postgres, COMMON)) {
            var clients = new ArrayList<Connection>();
            for (int i = 0; i < 2 * LOOPS; i++) clients.add(proxy.connect());
            assertThat(clients(proxy)).doesNotContain(2 * LOOPS);
            assertThat(proxy.reload(COMMON + ORDERED)).isEmpty();
            clients.add(proxy.connect());
            await().until(() -> {
                for (Connection each : clients) insert(each, numbers);
                return rows(proxy).stream().anyMatch(count -> count > 0);
            });
            for (int round = 0; round < 5; round++) for (Connection each : clients) insert(each, numbers);
            assertThat(rows(proxy).stream().filter(count -> count > 0)).as("event loops that saw rows").hasSize(1);
            for (Connection each : clients) each.close();
        }
        assertThat(postgres.query("select count(*) || ' ' || count(distinct n) from at_home")).isEqualTo(numbers + " " + numbers);
    }

    /// They go at any moment of their login, with what they have sent or with a reset.
    @Test
    void clients_that_leave_while_they_are_moved_leave_nothing_behind() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        ByteBuf login = Unpooled.buffer();
        new StartupMessage(StartupMessage.MAJOR, 0, new LinkedHashMap<>(Map.of("user", "app", "database", "app"))).encode(login);
        byte[] query = {'Q', 0, 0, 0, 13, 's', 'e', 'l', 'e', 'c', 't', ' ', '1', 0};
        try (TestProxy proxy = TestProxy.start(postgres, COMMON + ORDERED + "auth.rules = [ { type = host, user = [app], method = trust } ]\n")) {
            for (int i = 0; i < 200; i++) {
                try (var socket = new Socket("127.0.0.1", proxy.port())) {
                    if (random.nextBoolean()) socket.setSoLinger(true, 0);
                    socket.getOutputStream().write(login.array(), 0, login.writerIndex());
                    if (random.nextBoolean()) socket.getOutputStream().write(query);
                    if (random.nextInt(3) == 0) socket.getInputStream().read();
                } catch (IOException _) {
                    // it is the proxy that is tried
                }
            }
            await().until(() -> proxy.server().admission().clients() == 0 && clients(proxy).stream().allMatch(count -> count == 0));
            try (Connection client = proxy.connect()) {
                assertThat(TestProxy.value(client, "select 1")).isEqualTo("1");
            }
        }
    }
}
