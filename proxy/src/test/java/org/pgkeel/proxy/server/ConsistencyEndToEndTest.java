package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// What each consistency promises while a replica does not replay, and that the replica serves again afterwards.
class ConsistencyEndToEndTest {
    private static final long BOUND_MILLIS = 1500;
    private static final String RULE = "{ name = %1$s, when { statement = read, application-name = %1$s }, to = %2$s }";
    private static ReplicatedPostgres postgres;

    /// What a read saw, and where.
    private record Seen(int value, String where) {}

    @BeforeAll
    static void start() {
        postgres = new ReplicatedPostgres(1);
        postgres.execute("create table log (v int)", "create table events (n int)", "insert into log values (0)", "create table filler (t text)",
                "create function where_am_i() returns text language sql stable as $$ select case when pg_is_in_recovery() then 'replica' else 'primary' end $$");
        postgres.awaitReplayed(postgres.replica(0));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void clear() {
        postgres.execute("update log set v = 0");
    }

    @AfterEach
    void replay() {
        postgres.replica(0).execute("postgres", "select pg_wal_replay_resume()");
    }

    private static TestProxy proxy() {
        return TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + "coalesce = [ { table = public.events } ]\ndatabases.own { cluster = main, name = " + PostgresFixture.DATABASE + ", pool { mode = session, max = 5 } }\nrouting = [ %s, %s, %s, %s, %s ]\n".formatted(
                RULE.formatted("cluster", "replica, consistency = cluster"), RULE.formatted("session", "replica, consistency = session"),
                RULE.formatted("bounded", "replica, consistency = bounded, max-lag = " + BOUND_MILLIS + "ms"),
                RULE.formatted("bytes", "replica, consistency = eventual, max-lag-bytes = 64KiB"), RULE.formatted("any", "any, consistency = eventual")));
    }

    private static Connection named(TestProxy proxy, String application) throws SQLException {
        return proxy.connect("ApplicationName", application);
    }

    private static Seen read(Connection client) throws SQLException {
        try (var statement = client.createStatement(); ResultSet rows = statement.executeQuery("select v, where_am_i() from log")) {
            rows.next();
            return new Seen(rows.getInt(1), rows.getString(2));
        }
    }

    private static void awaitRead(Connection client, Seen seen) {
        await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).until(() -> seen.equals(read(client)));
    }

    private static void pauseReplay() {
        postgres.replica(0).execute("postgres", "select pg_wal_replay_pause()");
        await().atMost(Duration.ofSeconds(60)).until(() -> postgres.replica(0).query("postgres", "select pg_get_wal_replay_pause_state()").equals("paused"));
    }

    @Test
    void with_cluster_a_read_sees_what_any_client_wrote_and_with_session_what_its_own_did() throws Exception {
        try (TestProxy proxy = proxy(); Connection writer = named(proxy, "session"); Connection cluster = named(proxy, "cluster"); Connection session = named(proxy, "session")) {
            awaitRead(cluster, new Seen(0, "replica"));
            awaitRead(session, new Seen(0, "replica"));
            pauseReplay();
            for (int v = 1; v <= 20; v++) {
                TestProxy.execute(writer, "update log set v = " + v);
                assertThat(read(cluster)).isEqualTo(new Seen(v, "primary"));
                assertThat(read(writer)).isEqualTo(new Seen(v, "primary"));
                // The primary steps in where the replica has not answered in time, and then for good: the session has seen more than the replica has.
                assertThat(read(session)).isIn(new Seen(0, "replica"), new Seen(v, "primary"));
            }
            await("a read that is promised nothing of others' writes").until(() -> {
                try (WireClient newcomer = WireClient.ofApp(proxy.port(), Map.of("application_name", "session"))) {
                    return Replies.value(newcomer, "select v || ' ' || where_am_i() from log").equals("0 replica");
                }
            });
            postgres.replica(0).execute("postgres", "select pg_wal_replay_resume()");
            awaitRead(cluster, new Seen(20, "replica"));
            awaitRead(writer, new Seen(20, "replica"));
        }
    }

    /// The primary acknowledges such a commit before it is on disk, and sends it to replicas only then: here after seconds.
    @ParameterizedTest
    @ValueSource(strings = {"set synchronous_commit = off; update log set v = %d", "begin; set local synchronous_commit = off; update log set v = %d; commit", "update log set v = %d"})
    void a_session_sees_what_it_wrote_where_commits_do_not_wait_for_the_disk(String write) throws Exception {
        boolean byRole = write.startsWith("update");
        postgres.primary().execute("postgres", "alter system set wal_writer_delay = '5s'", "select pg_reload_conf()");
        if (byRole) postgres.primary().execute("postgres", "alter role " + PostgresFixture.APP_USER + " set synchronous_commit = off");
        try (TestProxy proxy = proxy(); Connection client = proxy.connect("ApplicationName", "session", "preferQueryMode", "simple")) {
            awaitRead(client, new Seen(0, "replica"));
            for (int v = 1; v <= 200; v++) {
                TestProxy.execute(client, write.formatted(v));
                for (int again = 0; again < 5; again++) assertThat(read(client).value()).isEqualTo(v);   // now and then the replicas are asked in between
            }
            postgres.execute("update log set v = 201");
            awaitRead(client, new Seen(201, "replica"));
        } finally {
            postgres.primary().execute("postgres", "alter role " + PostgresFixture.APP_USER + " reset synchronous_commit", "alter system reset wal_writer_delay", "select pg_reload_conf()");
        }
    }

    /// The end of the WAL is in the header of a page then, which nobody writes before there is a record for that page.
    @Test
    void a_replica_that_has_replayed_all_is_fresh_behind_a_switch_of_the_wal_file() throws Exception {
        try (TestProxy proxy = proxy(); Connection client = named(proxy, "bounded")) {
            TestProxy.execute(client, "set synchronous_commit = off", "update log set v = 1");
            postgres.primary().execute("postgres", "select pg_switch_wal()");
            awaitRead(client, new Seen(1, "replica"));
            long since = System.nanoTime();
            while (System.nanoTime() - since < TimeUnit.MILLISECONDS.toNanos(3 * BOUND_MILLIS)) assertThat(read(client)).isEqualTo(new Seen(1, "replica"));
        }
    }

    /// Of what a client of a session pool does nothing is known but that it is answered.
    @Test
    void with_cluster_a_read_sees_what_a_client_of_a_session_pool_wrote() throws Exception {
        try (TestProxy proxy = proxy(); Connection writer = proxy.connectAs(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, "own"); Connection cluster = named(proxy, "cluster")) {
            awaitRead(cluster, new Seen(0, "replica"));
            pauseReplay();
            TestProxy.execute(writer, "update log set v = 1");
            assertThat(read(cluster)).isEqualTo(new Seen(1, "primary"));
            postgres.replica(0).execute("postgres", "select pg_wal_replay_resume()");
            awaitRead(cluster, new Seen(1, "replica"));
        }
    }

    /// Its client never had a backend of its own: what it sends at once shares a commit.
    @Test
    void with_cluster_a_read_sees_what_was_inserted_in_a_shared_commit() throws Exception {
        try (TestProxy proxy = proxy(); Connection cluster = named(proxy, "cluster")) {
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                insertThree(proxy);
                return proxy.coalesced().batches() > 0;
            });
            awaitRead(cluster, new Seen(0, "replica"));
            pauseReplay();
            int there = Integer.parseInt(postgres.query("select count(*) from events"));
            long shared = proxy.coalesced().batches();
            insertThree(proxy);
            assertThat(TestProxy.value(cluster, "select count(*) || ' ' || where_am_i() from events")).isEqualTo(there + 3 + " primary");
            assertThat(proxy.coalesced().batches()).as("shared commits").isGreaterThan(shared);
        }
    }

    private static void insertThree(TestProxy proxy) throws IOException {
        try (WireClient writer = WireClient.ofApp(proxy.port(), Map.of())) {
            var messages = new ArrayList<FrontendMessage>();
            for (int i = 0; i < 3; i++) {
                messages.addAll(List.of(new Parse("", "insert into events (n) values ($1)", List.of()), new Bind("", "", List.of(), List.of(Value.ofText("1")), List.of()), new Execute("", 0), Sync.INSTANCE));
            }
            writer.send(messages.toArray(FrontendMessage[]::new));
            for (int i = 0; i < 3; i++) assertThat(Replies.untilReady(writer)).containsExactly("INSERT 0 1", "ready IDLE");
        }
    }

    @Test
    void with_bounded_nothing_is_missing_that_was_written_longer_ago_than_the_bound() throws Exception {
        try (TestProxy proxy = proxy(); Connection writer = named(proxy, "session"); Connection bounded = named(proxy, "bounded")) {
            awaitRead(bounded, new Seen(0, "replica"));
            pauseReplay();
            TestProxy.execute(writer, "update log set v = 1");
            long written = System.nanoTime();
            await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).until(() -> {
                long asked = System.nanoTime();
                Seen seen = read(bounded);
                if (seen.value() == 0) assertThat(asked - written).as("age of what was missing").isLessThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(BOUND_MILLIS));
                return seen.equals(new Seen(1, "primary"));
            });
            for (int i = 0; i < 20; i++) assertThat(read(bounded)).isEqualTo(new Seen(1, "primary"));
            postgres.replica(0).execute("postgres", "select pg_wal_replay_resume()");
            awaitRead(bounded, new Seen(1, "replica"));
        }
    }

    @Test
    void a_replica_with_too_much_to_replay_is_passed_over() throws Exception {
        try (TestProxy proxy = proxy(); Connection writer = named(proxy, "session"); Connection bytes = named(proxy, "bytes")) {
            awaitRead(bytes, new Seen(0, "replica"));
            pauseReplay();
            TestProxy.execute(writer, "insert into filler select repeat('x', 1000) from generate_series(1, 1000)", "update log set v = 1");
            awaitRead(bytes, new Seen(1, "primary"));
            postgres.replica(0).execute("postgres", "select pg_wal_replay_resume()");
            awaitRead(bytes, new Seen(1, "replica"));
        }
    }

    /// A table of one session changes nothing for the others: their reads stay where they are.
    @Test
    void a_temporary_table_keeps_nobody_else_from_the_replica() throws Exception {
        try (TestProxy proxy = proxy(); Connection other = named(proxy, "session"); Connection session = named(proxy, "session")) {
            int kept = 0;
            for (int i = 0; i < 10; i++) {
                awaitRead(session, new Seen(0, "replica"));
                TestProxy.execute(other, "create temp table mine" + i + " (n int)", "create temporary table also_mine" + i + " on commit drop as select 1 n");
                if (read(session).where().equals("replica")) kept++;
            }
            // The primary steps in where the replica has not answered in time; each of the tables would send the read behind it there.
            assertThat(kept).as("reads on the replica").isGreaterThan(5);
            assertThat(TestProxy.value(other, "select count(*) from mine0")).isEqualTo("0");
        }
    }

    @Test
    void with_any_both_serve_and_one_is_enough() throws Exception {
        try (TestProxy proxy = proxy(); Connection any = named(proxy, "any")) {
            Set<String> served = new HashSet<>();
            await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(10)).until(() -> {
                served.add(read(any).where());
                return served.size() == 2;
            });
            postgres.replica(0).kill();
            try {
                for (int i = 0; i < 50; i++) assertThat(read(any).where()).isEqualTo("primary");
            } finally {
                postgres.replica(0).start();
            }
            awaitRead(any, new Seen(0, "replica"));
        }
    }
}
