package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.postgresql.PGConnection;
import org.postgresql.fastpath.FastpathArg;

/// The primary is killed while each kind of client waits in its commit for the standby, which is then promoted: with those commits, or without
/// them. What each client gets is a row of the failover table.
class PromotionEndToEndTest {
    /// What became of the commits that were under way.
    enum Fate { REPLICATED, LOST }

    private final Map<String, CompletableFuture<String>> asked = new LinkedHashMap<>();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({"pipelined, REPLICATED", "pipelined, LOST", "strict, REPLICATED", "strict, LOST"})
    void each_client_hears_what_became_of_its_commit(String outcome, Fate fate) throws Exception {
        try (var postgres = new ReplicatedPostgres(1)) {
            PostgresServer standby = postgres.replica(0);
            postgres.execute("create table kept (how text)", "create function keep(how text) returns int language sql as $$ insert into kept values (how) returning 1 $$",
                    "alter database app set synchronous_commit = " + (fate == Fate.REPLICATED ? "remote_apply" : "on"));
            int keep = Integer.parseInt(postgres.query("select 'keep'::regproc::oid::int"));
            for (String name : List.of("finished", "finished by Parse", "undone", "undone by Parse")) postgres.execute("begin", "insert into kept values ('" + name + "')", "prepare transaction '" + name + "'");
            postgres.awaitReplayed(standby);
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS,
                    postgres.cluster() + "clusters.main.outcome = " + outcome + "\ndatabases.\"*\".pool { max = 29, max-wait = 60s }\n")) {
                Connection open = connect(proxy);
                open.setAutoCommit(false);
                keep(open, "open");
                Connection committing = connect(proxy);
                committing.setAutoCommit(false);
                keep(committing, "committing");
                Connection chaining = connect(proxy);
                chaining.setAutoCommit(false);
                keep(chaining, "chaining");
                Connection copied = connect(proxy);
                copied.setAutoCommit(false);
                copy(copied, "copied");
                Connection ending = connect(proxy, "preferQueryMode", "simple");
                execute(ending, "begin; insert into kept values ('ending')");
                Connection called = connect(proxy);
                called.setAutoCommit(false);
                call(called, keep, "called");

                holdCommits(postgres, fate);
                ask("extended", connect(proxy), client -> keep(client, "extended"));
                ask("prepared", connect(proxy, "prepareThreshold", "1"), client -> keep(client, "prepared"));
                ask("simple", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "insert into kept values ('simple')"));
                ask("dollar", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "insert into kept values ('dollar $1 $$')"));
                ask("several", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "insert into kept values ('several'); insert into kept values ('several')"));
                ask("block", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "begin; insert into kept values ('block'); insert into kept values ('block'); commit"));
                ask("ending", ending, client -> execute(client, "insert into kept values ('ending'); commit"));
                ask("inside", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "do $$ begin insert into kept values ('inside'); end $$"));
                ask("inside by Parse", connect(proxy), client -> execute(client, "do $$ begin insert into kept values ('inside by Parse'); end $$"));
                ask("ends inside", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "do $$ begin insert into kept values ('ends inside'); commit; end $$"));
                ask("copy", connect(proxy), client -> copy(client, "copy"));
                ask("function", connect(proxy), client -> call(client, keep, "function"));
                ask("finished", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "commit prepared 'finished'"));
                ask("finished by Parse", connect(proxy), client -> execute(client, "Commit Prepared 'finished by Parse'"));
                ask("undone", connect(proxy, "preferQueryMode", "simple"), client -> execute(client, "rollback /* 1 */ prepared $$undone$$;"));
                ask("undone by Parse", connect(proxy), client -> execute(client, "rollback prepared 'undone by Parse'"));
                ask("committing", committing, PromotionEndToEndTest::commit);
                ask("copied", copied, PromotionEndToEndTest::commit);
                ask("called", called, PromotionEndToEndTest::commit);
                ask("chaining", chaining, client -> execute(client, "commit and chain"));
                // ROLLBACK PREPARED waits for the standby to have it, and not until it is replayed.
                awaitWaiting(postgres, asked.size() - (fate == Fate.REPLICATED ? 2 : 0));
                if (fate == Fate.REPLICATED) awaitReceived(postgres);
                postgres.primary().kill();
                standby.execute("postgres", "select pg_promote()");

                var heard = new TreeMap<String, String>();
                for (var each : asked.entrySet()) heard.put(each.getKey(), each.getValue().get(90, TimeUnit.SECONDS));
                boolean strict = outcome.equals("strict");
                String commit = fate == Fate.REPLICATED ? "ok" : "40001";
                String prepared = strict ? "ok" : "08007";
                String undone = strict || fate == Fate.REPLICATED ? "ok" : "08007";
                assertThat(heard).containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("extended", "1 row"), Map.entry("prepared", "1 row"), Map.entry("simple", "ok"), Map.entry("dollar", "ok"),
                        // Only where the proxy keeps it back can a question go ahead of their end; of what commits inside, nowhere.
                        Map.entry("several", strict ? "ok" : "08007"), Map.entry("function", strict ? "called" : "08007"), Map.entry("ends inside", "08007"),
                        Map.entry("inside", strict ? "ok" : "08007"), Map.entry("inside by Parse", strict ? "ok" : "08007"),
                        Map.entry("block", strict ? "ok" : "08007"), Map.entry("ending", strict ? commit : "08007"),
                        Map.entry("copy", !strict ? "08007" : fate == Fate.REPLICATED ? "1 copied" : "40001"),
                        Map.entry("finished", prepared), Map.entry("finished by Parse", prepared), Map.entry("undone", undone), Map.entry("undone by Parse", undone),
                        Map.entry("committing", commit), Map.entry("copied", commit), Map.entry("called", commit), Map.entry("chaining", commit)));
                assertThat(outcome(open, client -> keep(client, "open again"))).isEqualTo("40001");
                open.rollback();
                // The transaction that began with the end of the one before is another one, and lost with its server.
                if (fate == Fate.REPLICATED) assertThat(outcome(chaining, client -> keep(client, "chained"))).isEqualTo("40001");
                for (Connection client : List.of(chaining, committing, copied, called)) client.rollback();
                for (Connection client : List.of(open, chaining, committing, copied, called)) {
                    keep(client, "afterwards");
                    client.commit();
                }
                var kept = new TreeMap<>(Map.of("extended", 1, "prepared", 1, "simple", 1, "dollar $1 $$", 1, "afterwards", 5));
                if (strict) kept.putAll(Map.of("inside", 1, "inside by Parse", 1, "several", 2, "block", 2, "function", 1, "finished", 1, "finished by Parse", 1));
                if (fate == Fate.REPLICATED) kept.putAll(Map.of("inside", 1, "inside by Parse", 1, "ends inside", 1));
                if (fate == Fate.REPLICATED) kept.putAll(Map.of("several", 2, "copy", 1, "function", 1, "committing", 1, "copied", 1, "called", 1, "chaining", 1));
                if (fate == Fate.REPLICATED) kept.putAll(Map.of("finished", 1, "finished by Parse", 1, "block", 2, "ending", 2));
                assertThat(rows(standby)).isEqualTo(kept);
            } finally {
                for (AutoCloseable each : opened) each.close();
            }
        }
    }

    // --- commits that do not end

    /// From now on no commit ends: the standby gets none, or has them and does not say so.
    private static void holdCommits(ReplicatedPostgres postgres, Fate fate) {
        PostgresServer standby = postgres.replica(0);
        switch (fate) {
            case REPLICATED -> standby.execute("postgres", "select pg_wal_replay_pause()");
            case LOST -> {
                standby.execute("postgres", "alter system set primary_conninfo = ''", "select pg_reload_conf()");
                await().atMost(Duration.ofSeconds(60)).until(() -> standby.query("postgres", "select count(*) from pg_stat_wal_receiver").equals("0"));
            }
        }
        postgres.primary().execute("postgres", "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()");
        await().atMost(Duration.ofSeconds(60)).until(() -> postgres.query("show synchronous_standby_names").equals("*"));
    }

    private static void awaitWaiting(ReplicatedPostgres postgres, int clients) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() ->
                assertThat(postgres.query("select count(*) from pg_stat_activity where wait_event = 'SyncRep' and backend_type = 'client backend'")).isEqualTo(String.valueOf(clients)));
    }

    private static void awaitReceived(ReplicatedPostgres postgres) {
        String written = postgres.query("select pg_current_wal_flush_lsn()");
        await().atMost(Duration.ofSeconds(60)).until(() -> postgres.query("select bool_and(flush_lsn >= '" + written + "') from pg_stat_replication").equals("t"));
    }

    private static Map<String, Integer> rows(PostgresServer server) throws SQLException {
        var rows = new TreeMap<String, Integer>();
        try (Connection direct = server.connect("app"); ResultSet each = direct.createStatement().executeQuery("select how, count(*) from kept group by how")) {
            while (each.next()) rows.put(each.getString(1), each.getInt(2));
        }
        return rows;
    }

    // --- clients

    private interface Asking {
        String ask(Connection client) throws SQLException;
    }

    private Connection connect(TestProxy proxy, String... properties) throws SQLException {
        Connection client = proxy.connect(properties);
        opened.add(client);
        return client;
    }

    /// @return what came of it, or the SQLSTATE
    private static String outcome(Connection client, Asking asking) {
        try {
            return asking.ask(client);
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    private void ask(String name, Connection client, Asking asking) {
        var done = new CompletableFuture<String>();
        asked.put(name, done);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                done.complete(outcome(client, asking));
            } catch (RuntimeException | AssertionError e) {
                done.completeExceptionally(new CompletionException(name, e));
            }
        });
    }

    private static String keep(Connection client, String how) throws SQLException {
        try (PreparedStatement insert = client.prepareStatement("insert into kept values (?)")) {
            insert.setString(1, how);
            return insert.executeUpdate() + " row";
        }
    }

    private static String execute(Connection client, String sql) throws SQLException {
        TestProxy.execute(client, sql);
        return "ok";
    }

    private static String commit(Connection client) throws SQLException {
        client.commit();
        return "ok";
    }

    private static String copy(Connection client, String how) throws SQLException {
        try {
            return client.unwrap(PGConnection.class).getCopyAPI().copyIn("copy kept from stdin", new StringReader(how + "\n")) + " copied";
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// A FunctionCall message.
    @SuppressWarnings("deprecation")
    private static String call(Connection client, int function, String how) throws SQLException {
        client.unwrap(PGConnection.class).getFastpathAPI().fastpath(function, new FastpathArg[] {new FastpathArg(how.getBytes(StandardCharsets.UTF_8))});
        return "called";
    }
}
