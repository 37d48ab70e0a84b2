package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.wire.WireClient;

/// Two failovers in a row: the new primary dies while it serves the first of those who waited for it. Its only commit under way reaches the third server,
/// or does not; in the second case that one has never heard of the second one's timeline, and makes another of the same number.
final class TwoFailoversEndToEndTest {
    private static final int CLIENTS = 6;

    /// What became of the commit that was under way.
    enum Fate { REPLICATED, LOST }

    private final List<WireClient> clients = new ArrayList<>();

    @ParameterizedTest
    @EnumSource
    void a_new_primary_that_dies_while_those_who_waited_are_served_costs_them_nothing(Fate fate) throws Exception {
        try (var postgres = new ReplicatedPostgres(2)) {
            PostgresServer second = postgres.replica(0);
            PostgresServer third = postgres.replica(1);
            postgres.execute("create table kept (n int generated always as identity, what text)", "alter database app set synchronous_commit = on");
            standInLine(postgres, second, third);
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + """
                    clusters.main { outcome = strict, hold { max-wait = 10m, drain-concurrency = 1 } }
                    databases."*".pool { max = 10, max-wait = 10m }
                    """); Connection console = proxy.connectAs("postgres", "postgres", "pgkeel", "preferQueryMode", "simple")) {
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(WireClient.ofApp(proxy.port(), Map.of()));
                    assertThat(Replies.ask(clients.get(i), insert(i, "before"))).containsExactly("INSERT 0 1", "ready IDLE");
                }
                postgres.awaitReplayed(second);
                postgres.awaitReplayed(third);
                if (fate == Fate.LOST) cutOff(third);

                postgres.primary().kill();
                awaitHold(console, "holding");
                for (int i = 0; i < CLIENTS; i++) {
                    clients.get(i).send(new Query(insert(i, "first")), new Query(insert(i, "second")));
                    String waiting = String.valueOf(i + 1);
                    await().untilAsserted(() -> assertThat(hold(console)).containsEntry("waiting", waiting));
                }
                second.execute("postgres", "select pg_promote()");
                await().until(() -> !second.query("postgres", "select count(*) from pg_stat_activity where wait_event = 'SyncRep' and usename = 'app'").equals("0"));
                awaitHold(console, "draining");
                if (fate == Fate.REPLICATED) awaitReplayed(second, third);

                second.kill();
                awaitHold(console, "holding");
                third.execute("postgres", "select pg_promote()");

                for (WireClient client : clients) {
                    for (int request = 0; request < 2; request++) assertThat(Replies.untilReady(client)).containsExactly("INSERT 0 1", "ready IDLE");
                }
                assertThat(timeline(third)).isEqualTo(fate == Fate.LOST ? "2" : "3");
                for (int i = 0; i < CLIENTS; i++) assertThat(rows(third, i)).containsExactly(i + " before", i + " first", i + " second");
                for (WireClient client : clients) assertThat(Replies.value(client, "select 'stays'")).isEqualTo("stays");
                await().untilAsserted(() -> {
                    Map<String, String> books = hold(console);
                    assertThat(books).containsEntry("state", "open").containsEntry("waiting", "0").containsEntry("refused", "0").containsEntry("gone", "0");
                    assertThat(books.get("held")).isEqualTo(books.get("drained"));
                });
            } finally {
                for (WireClient client : clients) client.close();
            }
        }
    }

    private static String insert(int client, String what) {
        return "insert into kept (what) values ('" + client + " " + what + "')";
    }

    // --- the servers

    /// The third streams from the second, so that it never has what the second has not; no commit on the second ends once it is the primary.
    private static void standInLine(ReplicatedPostgres postgres, PostgresServer second, PostgresServer third) {
        third.execute("postgres", "alter system set primary_slot_name = ''", "alter system set primary_conninfo = 'host=127.0.0.1 port=" + second.settings().port() + " user=postgres'", "select pg_reload_conf()");
        await().until(() -> second.query("postgres", "select count(*) from pg_stat_replication where state = 'streaming'").equals("1"));
        second.execute("postgres", "alter system set synchronous_standby_names = 'nobody'", "select pg_reload_conf()");
        await().until(() -> second.query("postgres", "show synchronous_standby_names").equals("nobody"));
        postgres.awaitReplayed(third);
    }

    private static void cutOff(PostgresServer standby) {
        standby.execute("postgres", "alter system set primary_conninfo = ''", "select pg_reload_conf()");
        await().until(() -> standby.query("postgres", "select count(*) from pg_stat_wal_receiver").equals("0"));
    }

    private static void awaitReplayed(PostgresServer from, PostgresServer to) {
        String written = from.query("postgres", "select pg_current_wal_flush_lsn()");
        await().until(() -> to.query("postgres", "select pg_last_wal_replay_lsn() >= '" + written + "'::pg_lsn").equals("t"));
    }

    private static String timeline(PostgresServer server) {
        return server.query("postgres", "select ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int");
    }

    private static List<String> rows(PostgresServer server, int client) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection direct = server.connect("app"); ResultSet each = direct.createStatement().executeQuery("select what from kept where what like '" + client + " %' order by n")) {
            while (each.next()) rows.add(each.getString(1));
        }
        return rows;
    }

    // --- the hold

    private static Map<String, String> hold(Connection console) throws SQLException {
        return RunningProxy.show(console, "HOLD").getFirst();
    }

    private static void awaitHold(Connection console, String state) {
        await().untilAsserted(() -> assertThat(hold(console)).containsEntry("state", state));
    }
}
