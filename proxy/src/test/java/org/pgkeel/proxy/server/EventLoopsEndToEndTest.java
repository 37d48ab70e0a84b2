package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.PooledByteBufAllocator;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// Few backends, several event loops, every kind of socket: connections move to where clients wait.
class EventLoopsEndToEndTest {
    private static final int CLIENTS = 30;
    private static final int LOCK = 20261;
    private static final Duration LOAD = Duration.ofSeconds(Long.getLong("pgkeel.load.seconds", 8));

    private final PostgresFixture postgres = SharedPostgres.get();

    private static String conf(String transport, int loops, int max) {
        return "runtime { transport = %s, event-loops = %d }\ndatabases.\"*\".pool { max = %d, max-wait = 90s }\n".formatted(transport, loops, max);
    }

    @ParameterizedTest
    @Tag("transport")
    @MethodSource("org.pgkeel.proxy.transport.Transports#words")
    void nothing_is_lost_and_nobody_starves_while_connections_move_between_loops(String transport) throws Exception {
        String table = "moved_" + transport;
        postgres.execute("create table if not exists " + table + " (client int, number int)", "truncate " + table, "grant all on " + table + " to app");
        try (TestProxy proxy = TestProxy.start(postgres, conf(transport, transport.equals("io_uring") ? 1 : 3, 2))) {
            var done = new ConcurrentHashMap<Integer, Integer>();
            var clients = new ArrayList<CompletableFuture<Void>>();
            var connected = new CountDownLatch(CLIENTS);
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                clients.add(CompletableFuture.runAsync(() -> done.put(number, work(proxy, table, number, connected)), task -> Thread.ofPlatform().daemon().start(task)));
            }
            CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)).get(LOAD.toSeconds() + 120, TimeUnit.SECONDS);
            int all = done.values().stream().mapToInt(Integer::intValue).sum();
            System.out.println(transport + ": " + all + " transactions, least " + done.values().stream().min(Integer::compare).orElseThrow() + ", most " + done.values().stream().max(Integer::compare).orElseThrow());
            assertThat(postgres.query("select count(*) || ' ' || count(distinct (client, number)) from " + table)).isEqualTo(all + " " + all);
            assertThat(done.values()).as("transactions by client").allMatch(count -> count > all / CLIENTS / 4);
        }
        postgres.execute("drop table " + table);
    }

    @ParameterizedTest
    @Tag("transport")
    @MethodSource("org.pgkeel.proxy.transport.Transports#words")
    void idle_clients_hold_no_read_buffers(String transport) throws Exception {
        int count = 200;
        try (TestProxy proxy = TestProxy.start(postgres, conf(transport, 1, 2))) {
            List<Connection> idle = new ArrayList<>();
            try (Connection first = proxy.connect()) {
                long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
                for (int i = 0; i < count; i++) idle.add(proxy.connect());
                for (Connection client : idle) TestProxy.execute(client, "select repeat('x', 1000)");
                await().untilAsserted(() ->
                        assertThat((PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before) / count).as("bytes per idle client").isLessThan(1024));
                assertThat(TestProxy.value(first, "select 1")).isEqualTo("1");
            }
            for (Connection client : idle) client.close();
        }
    }

    /// Begins when all are connected, so that who logs in late is not taken for one who starves.
    /// @return how many transactions
    private static int work(TestProxy proxy, String table, int client, CountDownLatch connected) {
        try (Connection connection = proxy.connect(); var insert = connection.prepareStatement("insert into " + table + " values (?, ?)");
                var read = connection.prepareStatement("select count(*), repeat('x', ?) from " + table + " where client = ?")) {
            connection.setAutoCommit(false);
            connected.countDown();
            assertThat(connected.await(90, TimeUnit.SECONDS)).as("all are connected").isTrue();
            int number = 0;
            for (long end = System.nanoTime() + LOAD.toNanos() / 2; System.nanoTime() < end; number++) {
                insert.setInt(1, client);
                insert.setInt(2, number);
                insert.executeUpdate();
                read.setInt(1, number % 97 * 300);
                read.setInt(2, client);
                try (var row = read.executeQuery()) {
                    row.next();
                    assertThat(row.getInt(1)).isEqualTo(number + 1);
                    assertThat(row.getString(2)).hasSize(number % 97 * 300);
                }
                connection.commit();
            }
            return number;
        } catch (SQLException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void clients_of_all_loops_are_served_in_the_order_in_which_they_came() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, conf("auto", 3, 1)); Connection holder = proxy.connect()) {
            List<Connection> waiting = new ArrayList<>();
            for (int i = 0; i < 9; i++) waiting.add(proxy.connect());
            holder.setAutoCommit(false);
            TestProxy.execute(holder, "select 1");
            // The server says who came first: the threads may be woken in any order.
            postgres.execute("drop sequence if exists served", "create sequence served", "grant all on sequence served to app");
            List<Long> order = new CopyOnWriteArrayList<>(Collections.nCopies(waiting.size(), 0L));
            var all = new CountDownLatch(waiting.size());
            var pool = proxy.server().pools().all().iterator().next().shared();
            for (int i = 0; i < waiting.size(); i++) {
                int number = i;
                Thread.ofPlatform().daemon().start(() -> {
                    try {
                        order.set(number, Long.parseLong(TestProxy.value(waiting.get(number), "select nextval('served') from pg_sleep(0.02)")));
                    } catch (SQLException e) {
                        order.set(number, -1L);
                    }
                    all.countDown();
                });
                await().until(() -> pool.slices().stream().mapToInt(slice -> slice.waitingCount()).sum() == number + 1);
            }
            holder.commit();
            assertThat(all.await(90, TimeUnit.SECONDS)).isTrue();
            assertThat(order).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
            for (Connection connection : waiting) connection.close();
        }
    }

    @Test
    void idle_connections_of_another_loop_serve_all_who_wait() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, conf("auto", 2, 4))) {
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) clients.add(proxy.connect());
            // The clients of one loop open all four, then leave them idle there.
            atOnce(clients.stream().filter(client -> clients.indexOf(client) % 2 == 0).toList());
            atOnce(clients.stream().filter(client -> clients.indexOf(client) % 2 == 1).toList());
            for (Connection client : clients) client.close();
        }
    }

    /// All of them are in the server at the same time, however slow it is: they wait there for a lock until the last has come.
    private void atOnce(List<Connection> clients) throws Exception {
        CompletableFuture<?> all;
        try (Connection lock = postgres.connect()) {
            lock.setAutoCommit(false);
            TestProxy.execute(lock, "select pg_advisory_xact_lock(" + LOCK + ")");
            all = CompletableFuture.allOf(clients.stream().map(client -> CompletableFuture.runAsync(() -> {
                try {
                    TestProxy.execute(client, "select pg_advisory_xact_lock_shared(" + LOCK + ")");
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            }, task -> Thread.ofPlatform().daemon().start(task))).toArray(CompletableFuture[]::new));
            await().until(() -> postgres.query("select count(*) from pg_locks where locktype = 'advisory' and objid = " + LOCK + " and not granted").equals(Integer.toString(clients.size())));
        }
        all.get(90, TimeUnit.SECONDS);
    }

    @Test
    void a_backend_that_is_killed_while_others_wait_and_move_is_replaced() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, conf("auto", 3, 2))) {
            var failures = new AtomicInteger();
            var served = new AtomicInteger();
            long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
            var clients = new ArrayList<CompletableFuture<Void>>();
            for (int i = 0; i < 12; i++) {
                clients.add(CompletableFuture.runAsync(() -> {
                    while (System.nanoTime() < end) {
                        try (Connection client = proxy.connect("ApplicationName", "killed")) {
                            while (System.nanoTime() < end) {
                                assertThat(TestProxy.value(client, "select 1")).isEqualTo("1");
                                served.incrementAndGet();
                            }
                        } catch (SQLException lost) {
                            assertThat(lost.getSQLState()).isIn("57P01", "08006");
                            failures.incrementAndGet();
                        }
                    }
                }, task -> Thread.ofPlatform().daemon().start(task)));
            }
            await().pollInterval(Duration.ofMillis(50)).until(() -> {
                if (System.nanoTime() < end - 500_000_000) postgres.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app' limit 1");
                return System.nanoTime() > end;
            });
            CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)).get(90, TimeUnit.SECONDS);
            System.out.println("killed: " + failures + " connections lost, " + served + " queries served");
            assertThat(served.get()).isPositive();
        }
    }
}
