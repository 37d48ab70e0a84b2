package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Rows of many clients whose order by key is kept over several lanes.
class OrderByEndToEndTest {
    private static final int KEYS = 6;
    private static final String COMMON = """
            runtime { event-loops = 3 }
            databases."*".pool { max = 6, max-wait = 10m }
            coalesce = [ { table = public.events, lanes = 3, copy-from-rows = 5, lock-timeout = 0s, %s } ]
            """;

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table events (k int, n int, nr bigserial)", "grant all on events to app", "grant all on sequence events_nr_seq to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate events");
    }

    private static CoalesceSnapshot counted(TestProxy proxy) {
        return proxy.coalesced();
    }

    /// Clients that end when their work is done.
    private static final class Clients {
        private final List<Thread> threads = new ArrayList<>();
        private final List<String> failures = new CopyOnWriteArrayList<>();

        interface Work {
            void run() throws SQLException;
        }

        void start(Work work) {
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                try {
                    work.run();
                } catch (SQLException | AssertionError e) {
                    failures.add(String.valueOf(e.getMessage()));
                }
            }));
        }

        void join() {
            await().until(() -> threads.stream().noneMatch(Thread::isAlive));
            assertThat(failures).isEmpty();
        }
    }

    private static String insert(int key, int number) {
        return "insert into events (k, n) values (%d, %d)".formatted(key, number);   // all are equally long
    }

    /// While the table is locked rows come one by one, each from another client; then all are committed, over all lanes.
    @Test
    void rows_of_equal_key_are_stored_in_the_order_in_which_they_came_from_many_clients() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        int requestBytes = 5 + insert(1, 1000).length() + 1;
        var clients = new Clients();
        var connections = new ArrayList<Connection>();
        try (TestProxy proxy = TestProxy.start(postgres, COMMON.formatted("order-by = k"))) {
            for (int i = 0; i < 60; i++) connections.add(proxy.connect("preferQueryMode", "simple"));
            try (Connection first = proxy.connect("preferQueryMode", "simple"); var statement = first.createStatement()) {
                await().until(() -> {   // until the table is known to the proxy
                    statement.executeUpdate(insert(9, 1000));
                    return !proxy.coalescedTables().isEmpty();
                });
            }
            long before = counted(proxy).alone();
            try (Connection direct = postgres.connectAsSuperuser("app"); var lock = direct.createStatement()) {
                direct.setAutoCommit(false);
                lock.execute("lock table events in access exclusive mode");
                for (int i = 0; i < connections.size(); i++) {
                    Connection connection = connections.get(i);
                    String sql = insert(random.nextInt(KEYS), 1000 + i);
                    clients.start(() -> {
                        try (var statement = connection.createStatement()) {
                            statement.executeUpdate(sql);
                        }
                    });
                    int arrived = i + 1;
                    await().untilAsserted(() -> {
                        CoalesceSnapshot now = counted(proxy);
                        assertThat(now.alone() - before + now.bufferedBytes() / requestBytes).as("%s", now).isEqualTo(arrived);
                    });
                }
                CoalesceSnapshot locked = counted(proxy);
                assertThat(locked.alone() - before + locked.underWay()).as("transactions at once").isBetween(2L, 3L);
                direct.rollback();
            }
            clients.join();
            for (Connection each : connections) each.close();
        }
        assertThat(postgres.query("select count(*) from events where k < 9")).isEqualTo("60");
        assertThat(postgres.query("select count(*) from (select n - lag(n) over (partition by k order by nr) as step from events where k < 9) s where step < 0")).isEqualTo("0");
    }

    @Test
    void a_bound_on_rows_of_a_key_in_flight_follows_a_reload() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, COMMON.formatted("order-by = k"))) {
            storm(proxy, 0);
            assertThat(mostInOneTransaction(0)).isGreaterThan(2);

            assertThat(proxy.reload(COMMON.formatted("order-by = k, max-in-flight-per-key = 2"))).isEmpty();
            storm(proxy, 1000);
            assertThat(mostInOneTransaction(1000)).isLessThanOrEqualTo(2);
        }
        assertThat(postgres.query("select count(*) from events")).isEqualTo("3200");
        assertThat(postgres.query("select count(*) from (select n - lag(n) over (partition by n / 10000 order by nr) as step from events) s where step < 0")).isEqualTo("0");
    }

    /// Each client's rows have their number, from `from` on, behind the client's.
    private static void storm(TestProxy proxy, int from) {
        var clients = new Clients();
        for (int i = 0; i < 32; i++) {
            int client = i;
            clients.start(() -> {
                try (Connection connection = proxy.connect("prepareThreshold", "1"); var insert = connection.prepareStatement("insert into events (k, n) values (?, ?)")) {
                    for (int row = 0; row < 50; row++) {
                        insert.setInt(1, client % 2);
                        insert.setInt(2, client * 10_000 + from + row);
                        assertThat(insert.executeUpdate()).isEqualTo(1);
                    }
                }
            });
        }
        clients.join();
    }

    private static int mostInOneTransaction(int from) {
        return Integer.parseInt(postgres.query("select max(c) from (select count(*) c from events where n % 10000 between " + from + " and " + (from + 999) + " group by xmin::text, k) s"));
    }
}
