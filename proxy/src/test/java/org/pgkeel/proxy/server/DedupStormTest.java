package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.DedupSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Producers that send the same keys at once and again, while backends or the primary are killed: each key is there once, and each that was acknowledged is there.
class DedupStormTest {
    private static final int CLIENTS = 24;
    private static final int ROWS_OF_EACH = 120;
    private static final int KEYS = CLIENTS * ROWS_OF_EACH / 4;
    private static final int KILLS = 12;
    private static final int DEATHS = 2;

    /// What the producers were told.
    private static final class Told {
        private final AtomicInteger inserted = new AtomicInteger();
        private final AtomicInteger duplicates = new AtomicInteger();
        private final AtomicInteger unknown = new AtomicInteger();
        private final Set<Integer> acknowledged = ConcurrentHashMap.newKeySet();
        private final List<String> others = new CopyOnWriteArrayList<>();

        private void insert(Connection connection, boolean simple, PreparedStatement prepared, int key) throws SQLException {
            while (true) {
                try {
                    int rows;
                    if (simple) {
                        try (var statement = connection.createStatement()) {
                            rows = statement.executeUpdate("insert into stormed (id, note) values (" + key + ", 'it''s " + key + "')");
                        }
                    } else {
                        prepared.setInt(1, key);
                        prepared.setString(2, "it's " + key);
                        rows = prepared.executeUpdate();
                    }
                    (rows == 1 ? inserted : duplicates).incrementAndGet();
                    acknowledged.add(key);
                    return;
                } catch (SQLException e) {
                    if (!"08007".equals(e.getSQLState())) throw e;
                    unknown.incrementAndGet();   // it is sent again
                }
            }
        }
    }

    /// Half of the clients speak the simple protocol.
    private static List<Thread> storm(TestProxy proxy, Told told, long seed) {
        var first = new Random(seed);
        var clients = new ArrayList<Thread>();
        for (int i = 0; i < CLIENTS; i++) {
            var random = new Random(first.nextLong());
            boolean simple = i % 2 == 0;
            clients.add(Thread.ofPlatform().daemon().start(() -> produce(proxy, told, simple, random)));
        }
        return clients;
    }

    @Test
    void each_key_is_there_once_and_each_that_was_acknowledged_is_there() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT); TestProxy proxy = TestProxy.start(postgres, """
                coalesce = [ { table = public.stormed, dedup-by = id, lock-timeout = 200ms } ]
                clusters.main.monitor { user = "%s", password = "%s" }
                databases."*".pool { max = 6, max-wait = 60s }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD))) {
            postgres.execute("create table stormed (id int primary key, note text)", "grant all on stormed to app");
            var told = new Told();
            known(proxy);
            List<Thread> clients = storm(proxy, told, seed);
            for (int kill = 0; kill < KILLS; kill++) {
                int until = (kill + 1) * CLIENTS * ROWS_OF_EACH / (KILLS + 2);
                await().pollInterval(Duration.ofMillis(5)).atMost(Duration.ofMinutes(2)).until(() -> told.inserted.get() + told.duplicates.get() >= until || clients.stream().noneMatch(Thread::isAlive));
                postgres.query("select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where usename = 'app' order by random() limit 2) of_app");
            }
            for (Thread client : clients) client.join(120_000);

            assertThat(told.others).isEmpty();
            assertThat(clients).noneMatch(Thread::isAlive);
            assertThat(told.inserted.get() + told.duplicates.get()).isEqualTo(CLIENTS * ROWS_OF_EACH);
            var there = new ArrayList<Integer>();
            try (Connection connection = postgres.connect()) {
                for (String id : TestProxy.column(connection, "select id from stormed where id >= 0")) there.add(Integer.valueOf(String.valueOf(id)));
            }
            assertThat(there).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(told.acknowledged);
            assertThat(postgres.query("select count(*) from stormed where note <> 'it''s ' || id")).isEqualTo("0");
            // What ended unknown may have been inserted, and was told as a duplicate when it was sent again.
            assertThat(told.inserted.get()).isBetween(there.size() - told.unknown.get(), there.size());
            assertThat(told.duplicates.get()).isPositive();
        }
    }

    /// In `strict` nobody is told that something is unknown: each is acknowledged, as the first of its key or as one that was there.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            create table stormed (id int primary key, note text)                                                                         |
            create table stormed (id int primary key, note text)                                                                         | , order-by = id, lanes = 3
            create table stormed (id int primary key, note text) partition by hash (id); create table stormed_0 partition of stormed for values with (modulus 2, remainder 0); create table stormed_1 partition of stormed for values with (modulus 2, remainder 1) |
            create table stormed (id int primary key, note text); create table fired (id int); create function fires() returns trigger language plpgsql security definer as $$ begin insert into fired values (new.id); return null; end $$; create trigger fires after insert on stormed for each row execute function fires() |
            """)
    void through_the_death_of_the_primary_each_key_is_there_once_and_each_client_is_acknowledged(String ddl, String rule) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT); TestProxy proxy = TestProxy.start(postgres, """
                runtime.event-loops = 1
                coalesce = [ { table = public.stormed, dedup-by = id%s } ]
                clusters.main { monitor { user = "%s", password = "%s" }, outcome = strict, hold.max-wait = 10m }
                databases."*".pool { max = 6, max-wait = 10m }
                """.formatted(rule == null ? "" : rule, PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD))) {
            postgres.execute(Arrays.stream(ddl.split("; (?=create )")).toArray(String[]::new));
            postgres.execute("grant all on all tables in schema public to app", "alter database app set synchronous_commit = on");
            var told = new Told();
            known(proxy);
            List<Thread> clients = storm(proxy, told, seed);
            for (int death = 1; death <= DEATHS; death++) {
                int until = death * CLIENTS * ROWS_OF_EACH / (DEATHS + 2);
                await().pollInterval(Duration.ofMillis(2)).until(() -> told.inserted.get() + told.duplicates.get() >= until || clients.stream().noneMatch(Thread::isAlive));
                postgres.kill();
                await().ignoreExceptions().until(() -> {
                    postgres.startAgain();
                    return true;
                });
            }
            for (Thread client : clients) client.join(180_000);

            assertThat(told.others).isEmpty();
            assertThat(clients).noneMatch(Thread::isAlive);
            assertThat(told.unknown.get()).isZero();
            assertThat(told.inserted.get() + told.duplicates.get()).isEqualTo(CLIENTS * ROWS_OF_EACH);
            assertThat(postgres.query("select count(*) || ' ' || count(distinct id) from stormed where id >= 0")).isEqualTo(told.acknowledged.size() + " " + told.acknowledged.size());
            assertThat(told.inserted.get()).isEqualTo(told.acknowledged.size());
            assertThat(postgres.query("select count(*) from stormed where note <> 'it''s ' || id")).isEqualTo("0");
            if (ddl.contains("fired")) {
                assertThat(postgres.query("select count(*) from (select id from fired group by id having count(*) <> 1) of_key")).isEqualTo("0");
                assertThat(postgres.query("select count(*) from stormed s where not exists (select 1 from fired f where f.id = s.id)")).isEqualTo("0");
            }
        }
    }

    /// Makes the catalogue and both statements known on every event loop: what comes before that is passed on unchanged.
    private static void known(TestProxy proxy) throws SQLException {
        for (int key = -1; key > -10_000; key--) {
            try (Connection simple = proxy.connect("preferQueryMode", "simple"); Connection extended = proxy.connect("prepareThreshold", "1");
                    var insert = extended.prepareStatement("insert into stormed (id, note) values (?, ?)")) {
                var told = new Told();
                told.insert(simple, true, insert, key);
                told.insert(extended, false, insert, --key);
            }
            List<CoalesceSnapshot> all = proxy.coalescedTables();
            if (!all.isEmpty() && key < -100 && all.stream().map(CoalesceSnapshot::dedup).map(DedupSnapshot::state).allMatch("on"::equals)) return;
        }
        throw new AssertionError("dedup-by is not in force");
    }

    private static void produce(TestProxy proxy, Told told, boolean simple, Random random) {
        try (Connection connection = simple ? proxy.connect("preferQueryMode", "simple") : proxy.connect("prepareThreshold", "1");
                var insert = connection.prepareStatement("insert into stormed (id, note) values (?, ?)")) {
            // A request that names its statement is passed on unchanged, whatever its row.
            new Told().insert(connection, simple, insert, -1_000_000 - random.nextInt(1_000_000_000));
            for (int row = 0; row < ROWS_OF_EACH; row++) told.insert(connection, simple, insert, random.nextInt(KEYS));
        } catch (SQLException e) {
            told.others.add(e.getSQLState() + ' ' + e.getMessage());
        }
    }
}
