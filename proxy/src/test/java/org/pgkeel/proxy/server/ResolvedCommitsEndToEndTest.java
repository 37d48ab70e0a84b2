package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.embedded.PostgresServer;

/// A client that lost its connection in its commit and heard afterwards that it is committed is a client that was told so, like any other.
final class ResolvedCommitsEndToEndTest {
    private static NodeAddress address(PostgresServer server) {
        return new NodeAddress("127.0.0.1", server.settings().port());
    }

    /// The commit comes long after the connection was lost, and so do positions of the primary that do not contain it yet.
    @Test
    void its_next_read_sees_what_it_wrote() throws Exception {
        try (var postgres = new ReplicatedPostgres(1); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            PostgresServer standby = postgres.replica(0);
            postgres.primary().execute("postgres", "create role watcher login");   // It may end nobody's backend.
            postgres.execute("create table kept (what text)", "create function waits() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock_shared(42); return null; end'",
                    "create constraint trigger late after insert on kept deferrable initially deferred for each row execute function waits()");
            postgres.awaitReplayed(standby);
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, """
                    clusters.main { nodes = ["%s", "%s"], monitor { user = watcher, database = postgres }, outcome = strict }
                    routing = [ { name = reads, when { statement = read }, to = replica, consistency = session, or-else = primary } ]
                    """.formatted(link.address(), address(standby)));
                    Connection client = proxy.connect("preferQueryMode", "simple"); Connection lock = postgres.primary().connect("app")) {
                await().until(() -> String.valueOf(standby.settings().port()).equals(TestProxy.value(client, "select current_setting('port')")));
                TestProxy.execute(lock, "select pg_advisory_lock(42)");
                client.setAutoCommit(false);
                TestProxy.execute(client, "insert into kept values ('late')");
                link.stopAt("COMMIT", SteppingLink.Held.REPLIES);
                var committed = Meanwhile.does(client::commit);
                link.awaitStopped();
                await().until(() -> postgres.query("select count(*) from pg_locks where locktype = 'advisory' and not granted").equals("1"));
                link.cut();
                await().until(() -> proxy.server().outcomes().snapshots().getFirst().open() == 1);
                long lost = System.nanoTime();
                await().until(() -> proxy.server().clusters().get("main").replica(address(standby)).freshAsOfNanos() - lost > 0);
                standby.execute("postgres", "select pg_wal_replay_pause()");
                await().until(() -> standby.query("postgres", "select pg_get_wal_replay_pause_state()").equals("paused"));

                TestProxy.execute(lock, "select pg_advisory_unlock(42)");
                assertThat(committed.get(90, TimeUnit.SECONDS)).isEqualTo("ok");
                client.setAutoCommit(true);
                assertThat(TestProxy.value(client, "select count(*) from kept")).isEqualTo("1");
                standby.execute("postgres", "select pg_wal_replay_resume()");
            }
        }
    }

    /// With asynchronous replication the next failover may lose it after all.
    @Test
    void its_loss_in_a_second_failover_is_told() throws Exception {
        try (var postgres = new ReplicatedPostgres(2); SteppingLink link = new SteppingLink("127.0.0.1", postgres.primary().settings().port())) {
            PostgresServer second = postgres.replica(0);
            PostgresServer third = postgres.replica(1);
            postgres.execute("create table kept (what text)");
            postgres.awaitReplayed(second);
            postgres.awaitReplayed(third);
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, """
                    clusters.main { nodes = ["%s", "%s", "%s"], monitor { user = postgres }, outcome = strict }
                    """.formatted(link.address(), address(second), address(third))); Connection client = proxy.connect("preferQueryMode", "simple")) {
                client.setAutoCommit(false);
                TestProxy.execute(client, "insert into kept values ('lost by the second failover')");
                third.execute("postgres", "alter system set primary_conninfo = ''", "select pg_reload_conf()");
                await().until(() -> third.query("postgres", "select count(*) from pg_stat_wal_receiver").equals("0"));
                link.stopAt("COMMIT", SteppingLink.Held.REPLIES);
                var committed = Meanwhile.does(client::commit);
                link.awaitStopped();
                await().until(() -> second.query("app", "select count(*) from kept").equals("1"));

                postgres.primary().kill();
                second.execute("postgres", "select pg_promote()");
                assertThat(committed.get(90, TimeUnit.SECONDS)).isEqualTo("ok");
                assertThat(proxy.server().outcomes().snapshots().getFirst().acknowledgedLost()).isZero();

                second.kill();
                third.execute("postgres", "select pg_promote()");
                await().until(() -> proxy.server().outcomes().snapshots().getFirst().acknowledgedLost() == 1);
                assertThat(third.query("app", "select count(*) from kept")).isEqualTo("0");
            }
        }
    }
}
