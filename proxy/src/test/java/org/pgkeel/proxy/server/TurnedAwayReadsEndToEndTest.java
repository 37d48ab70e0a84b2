package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.pgkeel.proxy.server.RoutedWorld.EVENTUAL;
import static org.pgkeel.proxy.server.RoutedWorld.awaitReplica;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What a real replica refuses, does not know yet, cancels or takes down with it runs again elsewhere, unseen by its client; but not where the client keeps
/// something on the replica, or had answers from there in its transaction.
class TurnedAwayReadsEndToEndTest {
    @RegisterExtension
    static final RoutedWorld world = new RoutedWorld();

    @Test
    void what_a_client_keeps_on_a_replica_stays_its_own_when_a_unit_fails_there() throws SQLException {
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary"))) {
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

    private static String locksOnReplica() {
        return world.postgres().replica(0).query("postgres", "select count(*) from pg_locks where locktype = 'advisory'");
    }

    @Test
    void what_a_replica_refuses_runs_on_the_primary_and_is_learnt() throws SQLException {
        world.postgres().execute("truncate secrets");
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary")); Connection simple = proxy.connect("preferQueryMode", "simple"); Connection extended = proxy.connect("prepareThreshold", "1")) {
            awaitReplica(simple);
            for (int i = 0; i < 3; i++) {
                assertThat(TestProxy.value(simple, "select writes_in_secret(1)")).isEqualTo("1");
                try (PreparedStatement read = extended.prepareStatement("select writes_in_secret(?)")) {
                    read.setInt(1, 2);
                    read.executeQuery().next();
                }
            }
            assertThat(world.postgres().query("select string_agg(n::text, '' order by n) from secrets")).isEqualTo("111222");
            awaitReplica(simple);
        }
    }

    @Test
    void a_table_that_the_replica_does_not_have_yet_is_read_on_the_primary() throws SQLException {
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary")); Connection client = proxy.connect(); Connection prepared = proxy.connect("prepareThreshold", "1")) {
            awaitReplica(client);
            world.postgres().replica(0).execute("postgres", "select pg_wal_replay_pause()");
            try {
                world.postgres().execute("create table fresh (n int)", "insert into fresh values (5)");
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
                world.postgres().replica(0).execute("postgres", "select pg_wal_replay_resume()");
            }
            world.postgres().execute("drop table fresh");
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
    void a_conflict_with_recovery_is_not_seen() throws Exception {
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary")); Connection client = proxy.connect(); Connection prepared = proxy.connect("prepareThreshold", "1")) {
            awaitReplica(client);
            String conflicts = "select sum(confl_lock + confl_snapshot + confl_bufferpin) from pg_stat_database_conflicts";
            int before = Integer.parseInt(world.postgres().replica(0).query("postgres", conflicts));
            for (int round = 0; round < 3; round++) {
                world.postgres().execute("create table doomed as select generate_series(1, 10) n");
                world.postgres().awaitReplayed(world.postgres().replica(0));
                var read = Meanwhile.asks(() -> TestProxy.value(client, "select count(*) || ' of doomed' from doomed, pg_sleep(2)"));
                var other = Meanwhile.asks(() -> {
                    try (PreparedStatement statement = prepared.prepareStatement("select count(*) + ? from doomed, pg_sleep(2)")) {
                        statement.setInt(1, 7);
                        ResultSet rows = statement.executeQuery();
                        rows.next();
                        return rows.getString(1);
                    }
                });
                // Another conflict may come before the one that is made here.
                await().pollInterval(Duration.ofMillis(10)).until(() -> read.isDone() || other.isDone() || world.postgres().replica(0).query("postgres",
                        "select count(*) from pg_stat_activity where query like '%from doomed%' and state = 'active' and pid <> pg_backend_pid()").equals("2"));
                world.postgres().execute("begin; lock table doomed in access exclusive mode; commit");   // replayed, it cancels who reads
                assertThat(read.get(90, TimeUnit.SECONDS)).isEqualTo("10 of doomed");
                assertThat(other.get(90, TimeUnit.SECONDS)).isEqualTo("17");
                world.postgres().execute("drop table doomed");
            }
            await().untilAsserted(() -> assertThat(Integer.parseInt(world.postgres().replica(0).query("postgres", conflicts))).isGreaterThan(before));
        }
    }

    @Test
    void a_replica_that_is_killed_under_reads_costs_no_error_and_comes_back() throws Exception {
        var replica = world.postgres().replica(0);
        try (TestProxy proxy = world.proxy(EVENTUAL.formatted("primary")); Connection first = proxy.connect(); Connection inTransaction = proxy.connect()) {
            awaitReplica(first);
            inTransaction.setAutoCommit(false);
            inTransaction.setReadOnly(true);
            assertThat(TestProxy.value(inTransaction, "select where_am_i()")).isEqualTo("replica");
            var ended = new AtomicBoolean();
            List<CompletableFuture<Integer>> readers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                readers.add(Meanwhile.asks(() -> {
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
            var slow = Meanwhile.asks(() -> TestProxy.value(first, "select where_am_i() from pg_sleep(6)"));
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
}
