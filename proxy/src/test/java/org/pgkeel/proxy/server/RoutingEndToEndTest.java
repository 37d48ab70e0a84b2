package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.pgkeel.proxy.server.RoutedWorld.EVENTUAL;
import static org.pgkeel.proxy.server.RoutedWorld.READS;
import static org.pgkeel.proxy.server.RoutedWorld.awaitReplica;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.wire.WireClient;

/// Reads go to a real replica, writes never do, and no client notices but by the load of its primary.
/// What a replica turns away: [TurnedAwayReadsEndToEndTest].
class RoutingEndToEndTest {
    @RegisterExtension
    static final RoutedWorld world = new RoutedWorld();

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"})
    void reads_are_served_by_the_replica_and_writes_by_the_primary(String mode) throws SQLException {
        world.postgres().execute("truncate secrets");
        try (TestProxy proxy = world.proxy(READS); Connection client = proxy.connect("preferQueryMode", mode, "prepareThreshold", "1"); Connection writer = proxy.connect("preferQueryMode", mode)) {
            awaitReplica(client);
            for (int i = 0; i < 20; i++) {
                int id = i + 1;
                await().pollInterval(Duration.ofMillis(20)).until(() -> "replica".equals(readThing(client, id)));
                TestProxy.execute(writer, "insert into secrets values (" + i + ")");
            }
            assertThat(world.postgres().query("select count(*) from secrets")).isEqualTo("20");
            assertThat(TestProxy.value(writer, "select count(*) from secrets")).isEqualTo("20");
            await().until(() -> TestProxy.column(client, "select where_am_i() union all select where_am_i()").equals(List.of("replica", "replica")));
            assertThat(TestProxy.value(client, "insert into secrets values (99) returning where_am_i()")).isEqualTo("primary");
        }
    }

    /// @return where it was read
    private static String readThing(Connection client, int id) throws SQLException {
        try (PreparedStatement read = client.prepareStatement("select where_am_i(), name from things where id = ?")) {
            read.setInt(1, id);
            ResultSet rows = read.executeQuery();
            rows.next();
            assertThat(rows.getString(2)).isEqualTo("thing " + id);
            return rows.getString(1);
        }
    }

    @Test
    void a_read_only_transaction_runs_on_the_replica_and_another_one_on_the_primary() throws SQLException {
        try (TestProxy proxy = world.proxy(READS); Connection client = proxy.connect()) {
            awaitReplica(client);
            client.setAutoCommit(false);
            client.setReadOnly(true);
            for (int i = 0; i < 3; i++) {
                await().pollInterval(Duration.ofMillis(20)).until(() -> {
                    String where = TestProxy.value(client, "select where_am_i()");
                    assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo(where);
                    client.commit();
                    return "replica".equals(where);
                });
            }
            assertThatThrownBy(() -> TestProxy.execute(client, "insert into secrets values (1)")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
            client.rollback();
            client.setReadOnly(false);
            assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("primary");
            client.commit();
            client.setAutoCommit(true);
            // It must not see less than it has seen on the primary.
            await().pollInterval(Duration.ofMillis(100)).until(() -> {
                TestProxy.execute(client, "begin read only");
                String inRecovery = TestProxy.value(client, "select pg_is_in_recovery()");
                TestProxy.execute(client, "commit");
                return "t".equals(inRecovery);
            });
        }
    }

    /// PgKeel asks the replica what is left of the lock, while the client asks on already.
    @Test
    void a_write_right_behind_what_has_pinned_its_client_to_a_replica_goes_to_the_primary() throws Exception {
        world.postgres().execute("truncate secrets");
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary")); Connection first = proxy.connect(); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            awaitReplica(first);
            for (int i = 0; i < 50; i++) {
                await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(20)).until(() -> beginsOnReplica(client));
                Replies.ask(client, "select pg_advisory_lock(79)");
                Replies.ask(client, "select pg_advisory_unlock(79)");
                assertThat(Replies.ask(client, "commit")).containsExactly("COMMIT", "ready IDLE");
                assertThat(Replies.ask(client, "insert into secrets values (" + i + ")")).containsExactly("INSERT 0 1", "ready IDLE");
            }
        }
    }

    /// Where the replica has not answered in time there is no transaction.
    private static boolean beginsOnReplica(WireClient client) throws IOException {
        Replies.ask(client, "begin read only");
        if (Replies.value(client, "select where_am_i()").equals("replica")) return true;
        Replies.ask(client, "rollback");
        return false;
    }

    @Test
    void a_batch_with_a_write_in_it_runs_on_the_primary_as_a_whole() throws SQLException {
        try (TestProxy proxy = world.proxy(READS); Connection client = proxy.connect("preferQueryMode", "simple")) {
            awaitReplica(client);
            try (var statement = client.createStatement()) {
                statement.execute("select where_am_i(); insert into secrets values (7); select where_am_i()");
                ResultSet first = statement.getResultSet();
                first.next();
                assertThat(first.getString(1)).isEqualTo("primary");
            }
        }
    }

    @Test
    void no_session_sees_less_than_it_wrote_or_read_while_replay_is_paused_and_resumed() throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("RoutingEndToEndTest seed " + seed);
        var random = new Random(seed);
        var replica = world.postgres().replica(0);
        var ended = new AtomicBoolean();
        var served = new ArrayList<CompletableFuture<int[]>>();
        try (TestProxy proxy = world.proxy(READS); Connection first = proxy.connect()) {
            awaitReplica(first);
            TestProxy.execute(first, "update log set v = 0");
            for (int client = 0; client < 4; client++) {
                long own = random.nextLong();
                boolean writes = client < 2;
                served.add(Meanwhile.asks(() -> workload(proxy, new Random(own), writes, ended)));
            }
            var pauses = new Random(seed + 1);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(12);
            while (System.nanoTime() < end && served.stream().noneMatch(CompletableFuture::isDone)) {
                replica.execute("postgres", "select pg_wal_replay_pause()", "select pg_sleep(" + pauses.nextInt(600) / 1000.0 + ")", "select pg_wal_replay_resume()",
                        "select pg_sleep(" + pauses.nextInt(600) / 1000.0 + ")");
            }
            ended.set(true);
            int onReplica = 0;
            int onPrimary = 0;
            for (var each : served) {
                onReplica += each.get(90, TimeUnit.SECONDS)[0];
                onPrimary += each.get()[1];
            }
            assertThat(onReplica).as("reads on the replica; %d on the primary", onPrimary).isPositive();
            assertThat(onPrimary).as("reads on the primary").isPositive();
        } finally {
            ended.set(true);
            replica.execute("postgres", "select pg_wal_replay_resume()");
        }
    }

    /// @return reads on the replica, on the primary
    private static int[] workload(TestProxy proxy, Random random, boolean writes, AtomicBoolean ended) throws SQLException {
        int[] served = new int[2];
        int least = 0;
        try (Connection client = proxy.connect("prepareThreshold", random.nextBoolean() ? "1" : "5");
             PreparedStatement write = client.prepareStatement("update log set v = v + 1 where k = 1 returning v");
             PreparedStatement read = client.prepareStatement("select v, where_am_i() from log where k = 1")) {
            while (!ended.get()) {
                if (writes && random.nextInt(10) == 0) {
                    ResultSet rows = write.executeQuery();
                    rows.next();
                    least = Math.max(least, rows.getInt(1));
                } else {
                    ResultSet rows = read.executeQuery();
                    rows.next();
                    assertThat(rows.getInt(1)).as("on the %s", rows.getString(2)).isGreaterThanOrEqualTo(least);
                    least = rows.getInt(1);
                    served[rows.getString(2).equals("replica") ? 0 : 1]++;
                }
                if (random.nextInt(8) == 0) TestProxy.value(client, "select pg_sleep(" + random.nextInt(300) / 1000.0 + ")");
            }
        }
        return served;
    }

    @Test
    void rules_are_reloaded_and_counted_and_a_rule_can_refuse_or_wait() throws Exception {
        var replica = world.postgres().replica(0);
        try (TestProxy proxy = world.proxy(""); Connection client = proxy.connect(); Connection console = proxy.connectAs("postgres", "postgres", "pgkeel", "preferQueryMode", "simple")) {
            assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("primary");
            assertThat(TestProxy.column(console, "show routes")).isEmpty();
            assertThat(proxy.reload(world.postgres().cluster() + EVENTUAL.formatted("refuse"))).isEmpty();
            awaitReplica(client);
            long hits = hits(console);
            assertThat(hits).isPositive();
            assertThat(TestProxy.column(console, "show pools")).isNotEmpty();
            replica.kill();
            await().untilAsserted(() -> assertThatThrownBy(() -> TestProxy.value(client, "select where_am_i()"))
                    .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P03")));
            assertThat(TestProxy.value(client, "insert into secrets values (1) returning where_am_i()")).isEqualTo("primary");
            assertThat(proxy.reload(world.postgres().cluster() + EVENTUAL.formatted("wait"))).isEmpty();
            var waiting = Meanwhile.asks(() -> TestProxy.value(client, "select where_am_i()"));
            replica.start();
            assertThat(waiting.get(90, TimeUnit.SECONDS)).isEqualTo("replica");
            assertThat(hits(console)).as("hits go on").isGreaterThan(hits);
            assertThat(proxy.reload(world.postgres().cluster())).isEmpty();
            assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("primary");
        }
    }

    /// Of the rule `reads`.
    private static long hits(Connection console) throws SQLException {
        return RunningProxy.show(console, "ROUTES").stream().filter(row -> row.get("name").equals("reads")).mapToLong(row -> Long.parseLong(row.get("hits"))).findFirst().orElseThrow();
    }

    @Test
    void reads_go_on_while_there_is_no_primary() throws Exception {
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary")); Connection client = proxy.connect(); Connection writer = proxy.connect("preferQueryMode", "simple")) {
            awaitReplica(client);
            world.postgres().primary().kill();
            try {
                var writing = Meanwhile.asks(() -> TestProxy.value(writer, "insert into secrets values (5) returning where_am_i()"));
                for (int i = 0; i < 50; i++) assertThat(TestProxy.value(client, "select where_am_i() from pg_sleep(0.02)")).isEqualTo("replica");
                assertThat(writing).isNotDone();
                world.postgres().primary().start();
                assertThat(writing.get(90, TimeUnit.SECONDS)).isEqualTo("primary");
            } finally {
                world.postgres().primary().start();
            }
        }
    }

    @Test
    void a_read_that_finds_neither_a_replica_nor_a_primary_is_held_until_its_replica_is_back() throws Exception {
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary") + "clusters.main.hold.max-wait = 10m\n"); Connection client = proxy.connect();
             Connection writer = proxy.connect("preferQueryMode", "simple"); Connection console = proxy.connectAs("postgres", "postgres", "pgkeel", "preferQueryMode", "simple")) {
            awaitReplica(client);
            world.postgres().replica(0).kill();
            world.postgres().primary().kill();
            try {
                var writing = Meanwhile.asks(() -> TestProxy.value(writer, "insert into secrets values (6) returning where_am_i()"));
                await().untilAsserted(() -> assertThat(waiting(console)).isEqualTo("1"));
                var reading = Meanwhile.asks(() -> TestProxy.value(client, "select where_am_i()"));
                await().untilAsserted(() -> assertThat(waiting(console)).isEqualTo("2"));
                world.postgres().replica(0).start();
                assertThat(reading.get(90, TimeUnit.SECONDS)).isEqualTo("replica");
                assertThat(waiting(console)).isEqualTo("1");
                world.postgres().primary().start();
                assertThat(writing.get(90, TimeUnit.SECONDS)).isEqualTo("primary");
            } finally {
                world.postgres().replica(0).start();
                world.postgres().primary().start();
            }
        }
    }

    private static String waiting(Connection console) throws SQLException {
        return RunningProxy.show(console, "HOLD").getFirst().get("waiting");
    }
}
