package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Rows of a partitioned table that leave by partitions, while partitions come and go.
class PartitionLanesEndToEndTest {
    private static final int CLIENTS = 40;
    private static final int CHANGES = 8;
    private static final String NO_PARTITION = "23514";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table events (k int, n int) partition by range (k)", "create table e0 partition of events for values from (0) to (100)", "create table e1 partition of events for values from (100) to (200)",
                "create table e2 partition of events for values from (200) to (300)", "grant all on events, e0, e1, e2 to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    /// A row whose partition is away is refused, as it would be without a proxy; all others are stored once.
    @Test
    void what_is_acknowledged_is_stored_once_while_a_partition_is_detached_and_attached() throws Exception {
        var rest = new AtomicBoolean(true);
        var numbers = new AtomicInteger();
        var acknowledged = new AtomicInteger();
        var failures = new CopyOnWriteArrayList<String>();
        var threads = new ArrayList<Thread>();
        try (TestProxy proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = 6, max-wait = 10m }\ncoalesce = [ { table = public.events, lanes-by = partition, copy-from-rows = 5 } ]\n")) {
            for (int i = 0; i < CLIENTS; i++) {
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    try (Connection connection = proxy.connect("prepareThreshold", "1"); var insert = connection.prepareStatement("insert into events (k, n) values (?, ?)")) {
                        while (rest.get()) {
                            int number = numbers.getAndIncrement();
                            insert.setInt(1, number % 300);
                            insert.setInt(2, number);
                            try {
                                acknowledged.addAndGet(insert.executeUpdate());
                            } catch (SQLException e) {
                                if (!NO_PARTITION.equals(e.getSQLState())) failures.add(e.getSQLState() + ' ' + e.getMessage());
                            }
                        }
                    } catch (SQLException e) {
                        failures.add(e.getSQLState() + ' ' + e.getMessage());
                    }
                }));
            }
            for (int change = 0; change < CHANGES; change++) {
                int seen = acknowledged.get();
                await().until(() -> acknowledged.get() > seen + 10 * CLIENTS || !failures.isEmpty());
                postgres.execute(change % 2 == 0 ? "alter table events detach partition e2" : "alter table events attach partition e2 for values from (200) to (300)");
            }
            await().until(() -> counted(proxy).onePartitionRows() > 0 || !failures.isEmpty());
            rest.set(false);
            await().until(() -> threads.stream().noneMatch(Thread::isAlive));
        }
        assertThat(failures).isEmpty();
        assertThat(postgres.query("select count(*) || ' ' || count(distinct n) from events")).isEqualTo(acknowledged + " " + acknowledged);
    }

    private static CoalesceSnapshot counted(TestProxy proxy) {
        return proxy.coalesced();
    }
}
