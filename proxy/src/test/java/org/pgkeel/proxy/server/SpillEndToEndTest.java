package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A server that stands still in the midst of a storm of INSERTs: their requests wait on disk, and all go on when it does.
class SpillEndToEndTest {
    private static final int CLIENTS = 64;
    private static final int BUFFERED_BYTES_MAX = 64 * 1024;
    private static final String NOTE = "x".repeat(4000);

    private static PostgresFixture postgres;

    @TempDir
    Path folder = Path.of("");

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table events (client int, n int, note text, nr bigserial)", "grant all on events to app", "grant all on sequence events_nr_seq to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate events");
    }

    private TestProxy proxy() {
        return TestProxy.start(postgres, """
                runtime { event-loops = 1 }
                databases."*".pool { max = 6, max-wait = 60s }
                coalesce = [ { table = public.events, copy-from-rows = 5, max-bytes = 16KiB, max-buffered-bytes = 64KiB, spill { dir = "%s", max-bytes = 16MiB } } ]
                """.formatted(folder));
    }

    private static CoalesceSnapshot counted(TestProxy proxy) {
        return proxy.coalesced();
    }

    /// Clients that insert one row after the other.
    private static final class Storm {
        private final List<Thread> threads = new ArrayList<>();
        private final List<Connection> connections = new CopyOnWriteArrayList<>();
        private final List<String> failures = new CopyOnWriteArrayList<>();
        private final AtomicLong asked = new AtomicLong();
        private final AtomicLong told = new AtomicLong();
        private volatile boolean over;

        Storm(TestProxy proxy) {
            for (int i = 0; i < CLIENTS; i++) {
                int client = i;
                threads.add(Thread.ofPlatform().daemon().start(() -> insert(proxy, client)));
            }
        }

        private void insert(TestProxy proxy, int client) {
            try (Connection connection = client % 8 == 0 ? proxy.connect("preferQueryMode", "simple") : proxy.connect("prepareThreshold", "1");
                    var insert = connection.prepareStatement("insert into events (client, n, note) values (?, ?, ?)")) {
                connections.add(connection);
                for (int n = 0; !over; n++) {
                    insert.setInt(1, client);
                    insert.setInt(2, n);
                    insert.setString(3, NOTE);
                    asked.incrementAndGet();
                    assertThat(insert.executeUpdate()).isEqualTo(1);
                    told.incrementAndGet();
                }
            } catch (SQLException | AssertionError e) {
                failures.add(String.valueOf(e.getMessage()));
            }
        }

        void join() throws InterruptedException {
            over = true;
            for (Thread thread : threads) thread.join(180_000);
            assertThat(threads).noneMatch(Thread::isAlive);
        }
    }

    private void untilOnDisk(TestProxy proxy) {
        await().untilAsserted(() -> {
            CoalesceSnapshot now = counted(proxy);
            assertThat(now.spill().waitingRows()).as("%s", now).isGreaterThan(20);
            // INSERTs of the simple protocol have casts and are no rows of a COPY: a queue of their own, with one bound for both but for what each reads ahead.
            assertThat(now.bufferedBytes()).as("%s", now).isLessThanOrEqualTo(BUFFERED_BYTES_MAX * 3 / 2);
        });
    }

    @Test
    void while_the_server_stands_still_requests_wait_on_disk_and_none_is_lost() throws Exception {
        try (TestProxy proxy = proxy()) {
            var storm = new Storm(proxy);
            for (int stop = 0; stop < 3; stop++) {
                long told = storm.told.get();
                await().until(() -> storm.told.get() > told + 1000);
                postgres.freeze();
                try {
                    untilOnDisk(proxy);
                    assertThat(names()).isZero();
                } finally {
                    postgres.thaw();
                }
            }
            long told = storm.told.get();
            await().until(() -> storm.told.get() > told + 500);
            storm.join();

            assertThat(storm.failures).isEmpty();
            assertThat(postgres.query("select count(*) from events")).isEqualTo(Long.toString(storm.told.get()));
            assertThat(postgres.query("select count(distinct (client, n)) from events where note = repeat('x', 4000)")).isEqualTo(Long.toString(storm.told.get()));
            assertThat(postgres.query("select count(*) from (select n - lag(n) over (partition by client order by nr) as step from events) s where step <> 1")).isEqualTo("0");
            CoalesceSnapshot after = counted(proxy);
            assertThat(after.spill().failures()).isEmpty();
            assertThat(after.spill().waitingBytes()).isZero();
            assertThat(after.bufferedBytes()).isZero();
        }
    }

    @Test
    void a_request_whose_client_goes_away_while_it_is_on_disk_is_not_run() throws Exception {
        try (TestProxy proxy = proxy()) {
            var storm = new Storm(proxy);
            await().until(() -> storm.told.get() > 500);
            postgres.freeze();
            long onDisk;
            try {
                untilOnDisk(proxy);
                onDisk = counted(proxy).spill().waitingRows();
                storm.over = true;
                for (Connection connection : storm.connections) connection.abort(Runnable::run);
                await().until(() -> counted(proxy).spill().waitingRows() == 0);
            } finally {
                postgres.thaw();
            }
            storm.join();
            await().until(() -> counted(proxy).bufferedBytes() == 0);
            assertThat(Long.parseLong(postgres.query("select count(*) from events"))).isBetween(storm.told.get(), storm.asked.get() - onDisk);
        }
    }

    private long names() throws IOException {
        try (var names = Files.list(folder)) {
            return names.count();
        }
    }
}
