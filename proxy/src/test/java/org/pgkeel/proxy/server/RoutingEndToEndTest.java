package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.wire.WireClient;

/// Reads go to a real replica, writes never do, and no client notices but by the load of its primary.
class RoutingEndToEndTest {
    private static final String READS = "routing = [ { name = reads, when { statement = read }, to = replica, or-else = primary } ]\n";
    private static final String EVENTUAL = "routing = [ { name = reads, when { statement = read }, to = replica, consistency = eventual, or-else = %s } ]\n";
    private static ReplicatedPostgres postgres;

    @BeforeAll
    static void start() {
        postgres = new ReplicatedPostgres(1);
        postgres.execute("create table things (id int primary key, name text)", "insert into things select i, 'thing ' || i from generate_series(1, 1000) i",
                "create function where_am_i() returns text language sql stable as $$ select case when pg_is_in_recovery() then 'replica' else 'primary' end $$",
                "create table secrets (n int)", "create function writes(n int) returns int language sql volatile as $$ insert into secrets values (n) returning n $$",
                "create function writes_in_secret(n int) returns int language plpgsql stable as $$ begin perform writes(n); return n; end $$", "create function conflicts() returns int language plpgsql stable as $$ begin raise exception 'conflict' using errcode = '40001'; end $$",
                "create table log (k int primary key, v int)", "insert into log values (1, 0)");
        postgres.awaitReplayed(postgres.replica(0));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(String more) {
        return TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + "catalogue.refresh = 5m\n" + more);
    }

    /// The catalogue is asked for when the first client has been served, and positions are when somebody wants them; and where the replica has not
    /// answered in time the primary steps in.
    private static void awaitReplica(Connection connection) {
        await().pollInterval(Duration.ofMillis(100)).until(() -> "replica".equals(TestProxy.value(connection, "select where_am_i()")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"})
    void reads_are_served_by_the_replica_and_writes_by_the_primary(String mode) throws SQLException {
        postgres.execute("truncate secrets");
        try (TestProxy proxy = proxy(READS); Connection client = proxy.connect("preferQueryMode", mode, "prepareThreshold", "1"); Connection writer = proxy.connect("preferQueryMode", mode)) {
            awaitReplica(client);
            for (int i = 0; i < 20; i++) {
                int id = i + 1;
                await().pollInterval(Duration.ofMillis(20)).until(() -> "replica".equals(readThing(client, id)));
                TestProxy.execute(writer, "insert into secrets values (" + i + ")");
            }
            assertThat(postgres.query("select count(*) from secrets")).isEqualTo("20");
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
        try (TestProxy proxy = proxy(READS); Connection client = proxy.connect()) {
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

    @Test
    void what_a_client_keeps_on_a_replica_stays_its_own_when_a_unit_fails_there() throws SQLException {
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary"))) {
            try (Connection client = proxy.connect("preferQueryMode", "simple")) {
                await().pollInterval(Duration.ofMillis(20)).until(() -> {
                    TestProxy.execute(client, "begin read only");
                    boolean there = TestProxy.value(client, "select where_am_i()").equals("replica");
                    if (there) TestProxy.execute(client, "select pg_advisory_lock(77)");
                    TestProxy.execute(client, "commit");
                    return there;
                });
                assertThat(locksOnReplica()).isEqualTo("1");
                assertThatThrownBy(() -> TestProxy.value(client, "select n from nowhere")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42P01"));
                assertThatThrownBy(() -> TestProxy.value(client, "select conflicts()")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
                assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("replica");
                assertThat(locksOnReplica()).isEqualTo("1");
            }
            await().untilAsserted(() -> assertThat(locksOnReplica()).isEqualTo("0"));
            try (Connection client = proxy.connect()) {
                client.setAutoCommit(false);
                client.setReadOnly(true);
                for (int i = 0; i < 5; i++) {
                    assertThatThrownBy(() -> TestProxy.value(client, "select pg_try_advisory_lock(78), conflicts()")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
                    client.rollback();
                }
            }
            await().untilAsserted(() -> assertThat(locksOnReplica()).isEqualTo("0"));
        }
    }

    /// PgKeel asks the replica what is left of the lock, while the client asks on already.
    @Test
    void a_write_right_behind_what_has_pinned_its_client_to_a_replica_goes_to_the_primary() throws Exception {
        postgres.execute("truncate secrets");
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary")); Connection first = proxy.connect(); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            awaitReplica(first);
            int there = 0;
            for (int i = 0; i < 50; i++) {
                Replies.ask(client, "begin read only");
                if (Replies.value(client, "select where_am_i()").equals("replica")) there++;
                Replies.ask(client, "select pg_advisory_lock(79)");
                Replies.ask(client, "select pg_advisory_unlock(79)");
                assertThat(Replies.ask(client, "commit")).containsExactly("COMMIT", "ready IDLE");
                assertThat(Replies.ask(client, "insert into secrets values (" + i + ")")).containsExactly("INSERT 0 1", "ready IDLE");
            }
            assertThat(there).as("transactions on the replica").isPositive();
        }
    }

    private static String locksOnReplica() {
        return postgres.replica(0).query("postgres", "select count(*) from pg_locks where locktype = 'advisory'");
    }

    @Test
    void a_batch_with_a_write_in_it_runs_on_the_primary_as_a_whole() throws SQLException {
        try (TestProxy proxy = proxy(READS); Connection client = proxy.connect("preferQueryMode", "simple")) {
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
    void what_a_replica_refuses_runs_on_the_primary_and_is_learnt() throws SQLException {
        postgres.execute("truncate secrets");
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary")); Connection simple = proxy.connect("preferQueryMode", "simple"); Connection extended = proxy.connect("prepareThreshold", "1")) {
            awaitReplica(simple);
            for (int i = 0; i < 3; i++) {
                assertThat(TestProxy.value(simple, "select writes_in_secret(1)")).isEqualTo("1");
                try (PreparedStatement read = extended.prepareStatement("select writes_in_secret(?)")) {
                    read.setInt(1, 2);
                    read.executeQuery().next();
                }
            }
            assertThat(postgres.query("select string_agg(n::text, '' order by n) from secrets")).isEqualTo("111222");
            awaitReplica(simple);
        }
    }

    @Test
    void a_table_that_the_replica_does_not_have_yet_is_read_on_the_primary() throws SQLException {
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary")); Connection client = proxy.connect(); Connection prepared = proxy.connect("prepareThreshold", "1")) {
            awaitReplica(client);
            postgres.replica(0).execute("postgres", "select pg_wal_replay_pause()");
            try {
                postgres.execute("create table fresh (n int)", "insert into fresh values (5)");
                assertThat(TestProxy.value(client, "select n from fresh")).isEqualTo("5");
                try (PreparedStatement read = prepared.prepareStatement("select n from fresh where n > ?")) {
                    read.setInt(1, 2);
                    ResultSet rows = read.executeQuery();
                    rows.next();
                    assertThat(rows.getInt(1)).isEqualTo(5);
                }
                for (String mode : List.of("simple", "extended")) {
                    try (Connection two = proxy.connect("preferQueryMode", mode)) {
                        assertThat(values(two, "select 1; select n from fresh; select 2 where false; select 3")).as(mode).isEqualTo(List.of(List.of("1"), List.of("5"), List.of(), List.of("3")));
                    }
                }
                assertThatThrownBy(() -> TestProxy.value(client, "select n from nowhere")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42P01"));
                awaitReplica(client);
            } finally {
                postgres.replica(0).execute("postgres", "select pg_wal_replay_resume()");
            }
            postgres.execute("drop table fresh");
        }
    }

    /// The rows of each statement.
    private static List<List<String>> values(Connection client, String statements) throws SQLException {
        var all = new ArrayList<List<String>>();
        try (Statement statement = client.createStatement()) {
            for (boolean rows = statement.execute(statements); rows; rows = statement.getMoreResults()) {
                var values = new ArrayList<String>();
                for (ResultSet each = statement.getResultSet(); each.next(); ) values.add(each.getString(1));
                all.add(values);
            }
        }
        return all;
    }

    @Test
    void no_session_sees_less_than_it_wrote_or_read_while_replay_is_paused_and_resumed() throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("RoutingEndToEndTest seed " + seed);
        var random = new Random(seed);
        var replica = postgres.replica(0);
        var ended = new AtomicBoolean();
        var served = new ArrayList<CompletableFuture<int[]>>();
        try (TestProxy proxy = proxy(READS); Connection first = proxy.connect()) {
            awaitReplica(first);
            TestProxy.execute(first, "update log set v = 0");
            for (int client = 0; client < 4; client++) {
                long own = random.nextLong();
                boolean writes = client < 2;
                served.add(inBackground(() -> workload(proxy, new Random(own), writes, ended)));
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

    private interface Work<T> {
        T run() throws SQLException;
    }

    private static <T> CompletableFuture<T> inBackground(Work<T> work) {
        var done = new CompletableFuture<T>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                done.complete(work.run());
            } catch (SQLException | AssertionError | RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    @Test
    void a_conflict_with_recovery_is_not_seen() throws Exception {
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary")); Connection client = proxy.connect(); Connection prepared = proxy.connect("prepareThreshold", "1")) {
            awaitReplica(client);
            String conflicts = "select sum(confl_lock + confl_snapshot + confl_bufferpin) from pg_stat_database_conflicts";
            int before = Integer.parseInt(postgres.replica(0).query("postgres", conflicts));
            for (int round = 0; round < 3; round++) {
                postgres.execute("create table doomed as select generate_series(1, 10) n");
                postgres.awaitReplayed(postgres.replica(0));
                var read = inBackground(() -> TestProxy.value(client, "select count(*) || ' of doomed' from doomed, pg_sleep(2)"));
                var other = inBackground(() -> {
                    try (PreparedStatement statement = prepared.prepareStatement("select count(*) + ? from doomed, pg_sleep(2)")) {
                        statement.setInt(1, 7);
                        ResultSet rows = statement.executeQuery();
                        rows.next();
                        return rows.getString(1);
                    }
                });
                // Another conflict may come before the one that is made here.
                await().pollInterval(Duration.ofMillis(10)).until(() -> read.isDone() || other.isDone() || postgres.replica(0).query("postgres",
                        "select count(*) from pg_stat_activity where query like '%from doomed%' and state = 'active' and pid <> pg_backend_pid()").equals("2"));
                postgres.execute("begin; lock table doomed in access exclusive mode; commit");   // replayed, it cancels who reads
                assertThat(read.get(90, TimeUnit.SECONDS)).isEqualTo("10 of doomed");
                assertThat(other.get(90, TimeUnit.SECONDS)).isEqualTo("17");
                postgres.execute("drop table doomed");
            }
            await().untilAsserted(() -> assertThat(Integer.parseInt(postgres.replica(0).query("postgres", conflicts))).isGreaterThan(before));
        }
    }

    @Test
    void a_replica_that_is_killed_under_reads_costs_no_error_and_comes_back() throws Exception {
        var replica = postgres.replica(0);
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary")); Connection first = proxy.connect(); Connection inTransaction = proxy.connect()) {
            awaitReplica(first);
            inTransaction.setAutoCommit(false);
            inTransaction.setReadOnly(true);
            assertThat(TestProxy.value(inTransaction, "select where_am_i()")).isEqualTo("replica");
            var ended = new AtomicBoolean();
            List<CompletableFuture<Integer>> readers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                readers.add(inBackground(() -> {
                    int reads = 0;
                    try (Connection client = proxy.connect("prepareThreshold", "1"); PreparedStatement read = client.prepareStatement("select count(*) from things where id > ?")) {
                        for (; !ended.get(); reads++) {
                            read.setInt(1, 500);
                            ResultSet rows = read.executeQuery();
                            rows.next();
                            assertThat(rows.getInt(1)).isEqualTo(500);
                        }
                    }
                    return reads;
                }));
            }
            var slow = inBackground(() -> TestProxy.value(first, "select where_am_i() from pg_sleep(6)"));
            await().until(() -> replica.query("postgres", "select count(*) from pg_stat_activity where query like '%pg_sleep(6)%' and pid <> pg_backend_pid()").equals("1"));
            replica.kill();
            assertThat(slow.get(90, TimeUnit.SECONDS)).isEqualTo("primary");
            assertThatThrownBy(() -> TestProxy.value(inTransaction, "select 1")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
            inTransaction.rollback();
            assertThat(TestProxy.value(inTransaction, "select where_am_i()")).isEqualTo("primary");
            inTransaction.rollback();
            replica.start();
            awaitReplica(first);
            replica.stop();
            assertThat(TestProxy.value(first, "select where_am_i()")).isEqualTo("primary");
            replica.start();
            awaitReplica(first);
            ended.set(true);
            for (var reader : readers) assertThat(reader.get(90, TimeUnit.SECONDS)).isPositive();
        }
    }

    @Test
    void rules_are_reloaded_and_counted_and_a_rule_can_refuse_or_wait() throws Exception {
        var replica = postgres.replica(0);
        try (TestProxy proxy = proxy(""); Connection client = proxy.connect(); Connection console = proxy.connectAs("postgres", "postgres", "pgkeel", "preferQueryMode", "simple")) {
            assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("primary");
            assertThat(TestProxy.column(console, "show routes")).isEmpty();
            assertThat(proxy.reload(postgres.cluster() + EVENTUAL.formatted("refuse"))).isEmpty();
            awaitReplica(client);
            long hits = hits(console);
            assertThat(hits).isPositive();
            assertThat(TestProxy.column(console, "show pools")).isNotEmpty();
            replica.kill();
            await().untilAsserted(() -> assertThatThrownBy(() -> TestProxy.value(client, "select where_am_i()"))
                    .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P03")));
            assertThat(TestProxy.value(client, "insert into secrets values (1) returning where_am_i()")).isEqualTo("primary");
            assertThat(proxy.reload(postgres.cluster() + EVENTUAL.formatted("wait"))).isEmpty();
            var waiting = inBackground(() -> TestProxy.value(client, "select where_am_i()"));
            replica.start();
            assertThat(waiting.get(90, TimeUnit.SECONDS)).isEqualTo("replica");
            assertThat(hits(console)).as("hits go on").isGreaterThan(hits);
            assertThat(proxy.reload(postgres.cluster())).isEmpty();
            assertThat(TestProxy.value(client, "select where_am_i()")).isEqualTo("primary");
        }
    }

    /// Of the rule `reads`.
    private static long hits(Connection console) throws SQLException {
        return RunningProxy.show(console, "ROUTES").stream().filter(row -> row.get("name").equals("reads")).mapToLong(row -> Long.parseLong(row.get("hits"))).findFirst().orElseThrow();
    }

    @Test
    void reads_go_on_while_there_is_no_primary() throws Exception {
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary")); Connection client = proxy.connect(); Connection writer = proxy.connect("preferQueryMode", "simple")) {
            awaitReplica(client);
            postgres.primary().kill();
            try {
                var writing = inBackground(() -> TestProxy.value(writer, "insert into secrets values (5) returning where_am_i()"));
                for (int i = 0; i < 50; i++) assertThat(TestProxy.value(client, "select where_am_i() from pg_sleep(0.02)")).isEqualTo("replica");
                assertThat(writing).isNotDone();
                postgres.primary().start();
                assertThat(writing.get(90, TimeUnit.SECONDS)).isEqualTo("primary");
            } finally {
                postgres.primary().start();
            }
        }
    }

    @Test
    void a_read_that_finds_neither_a_replica_nor_a_primary_is_held_until_its_replica_is_back() throws Exception {
        try (TestProxy proxy = proxy(EVENTUAL.formatted("primary") + "clusters.main.hold.max-wait = 10m\n"); Connection client = proxy.connect();
             Connection writer = proxy.connect("preferQueryMode", "simple"); Connection console = proxy.connectAs("postgres", "postgres", "pgkeel", "preferQueryMode", "simple")) {
            awaitReplica(client);
            postgres.replica(0).kill();
            postgres.primary().kill();
            try {
                var writing = inBackground(() -> TestProxy.value(writer, "insert into secrets values (6) returning where_am_i()"));
                await().untilAsserted(() -> assertThat(waiting(console)).isEqualTo("1"));
                var reading = inBackground(() -> TestProxy.value(client, "select where_am_i()"));
                await().untilAsserted(() -> assertThat(waiting(console)).isEqualTo("2"));
                postgres.replica(0).start();
                assertThat(reading.get(90, TimeUnit.SECONDS)).isEqualTo("replica");
                assertThat(waiting(console)).isEqualTo("1");
                postgres.primary().start();
                assertThat(writing.get(90, TimeUnit.SECONDS)).isEqualTo("primary");
            } finally {
                postgres.replica(0).start();
                postgres.primary().start();
            }
        }
    }

    private static String waiting(Connection console) throws SQLException {
        return RunningProxy.show(console, "HOLD").getFirst().get("waiting");
    }
}
