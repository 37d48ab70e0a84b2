package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.postgres.PatroniStub;

/// The leader key is another's, and the server of before goes on as if it were not: it is not asked to commit anything, and what it answers reaches nobody.
final class DeposedPrimaryEndToEndTest {
    private static NodeAddress address(PostgresServer server) {
        return new NodeAddress("127.0.0.1", server.settings().port());
    }

    @Test
    void nothing_is_committed_there_and_everything_on_the_next_one() throws Exception {
        try (var postgres = new ReplicatedPostgres(1)) {
            PostgresServer next = postgres.replica(0);
            postgres.execute("create table kept (what text)");
            postgres.awaitReplayed(next);
            var members = new LinkedHashMap<String, NodeAddress>();
            members.put("n1", address(postgres.primary()));
            members.put("n2", address(next));
            try (PatroniStub patroni = PatroniStub.start(members); TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, """
                    clusters { main = null, watched { patroni { members = %s, poll = 200ms }, monitor { user = postgres }, outcome = strict } }
                    databases."*" { cluster = watched }
                    """.formatted(patroni.urls())); Connection client = proxy.connect()) {
                client.setAutoCommit(false);
                TestProxy.execute(client, "insert into kept values ('too late')");

                patroni.leader(Optional.of("n2"));
                await().until(() -> proxy.server().clusters().get("watched").hold() instanceof Hold.Holding(_, var why) && why == HoldReason.DEPOSED);
                assertThatThrownBy(client::commit).isInstanceOfSatisfying(SQLException.class, lost -> assertThat(lost.getSQLState()).isEqualTo("40001"));
                assertThat(postgres.query("select count(*) from kept")).isEqualTo("0");

                next.execute("postgres", "select pg_promote()");
                patroni.timeline(2);
                client.rollback();
                TestProxy.execute(client, "insert into kept values ('in time')");
                client.commit();
                assertThat(next.query("app", "select string_agg(what, ' ') from kept")).isEqualTo("in time");
            }
        }
    }

    /// It is frozen in the middle of a write, replaced, and goes on then: the write is done once, on the next one, and no later question gets the late answer.
    @Test
    void what_a_frozen_primary_answers_when_it_is_thawed_is_never_heard() throws Exception {
        try (var postgres = new ReplicatedPostgres(1)) {
            PostgresServer frozen = postgres.primary();
            PostgresServer next = postgres.replica(0);
            postgres.execute("create table kept (what text)");
            postgres.awaitReplayed(next);
            var members = new LinkedHashMap<String, NodeAddress>();
            members.put("n1", address(frozen));
            members.put("n2", address(next));
            try (PatroniStub patroni = PatroniStub.start(members); TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, """
                    clusters { main = null, watched { patroni { members = %s, poll = 200ms }, monitor { user = postgres }, outcome = strict } }
                    databases."*" { cluster = watched, pool.max = 1 }
                    """.formatted(patroni.urls())); Connection client = proxy.connect()) {
                var port = new AtomicReference<String>();
                var asked = RunningProxy.inBackground(() -> port.set(RunningProxy.value(client, "insert into kept select 'once' from pg_sleep(1) returning inet_server_port()")));
                await().until(() -> postgres.query("select count(*) from pg_stat_activity where wait_event = 'PgSleep'").equals("1"));
                frozen.freeze();
                try {
                    patroni.silent("n1", true);
                    patroni.leader(Optional.of("n2"));
                    next.execute("postgres", "select pg_promote()");
                    patroni.timeline(2);
                    asked.get(60, TimeUnit.SECONDS);
                    assertThat(port).hasValue(String.valueOf(next.settings().port()));
                } finally {
                    frozen.thaw();
                }
                // It goes on with its sleep, and then finds that nobody is there.
                await().until(() -> {
                    for (int n = 0; n < 20; n++) assertThat(RunningProxy.value(client, "select 'answer " + n + "'")).isEqualTo("answer " + n);
                    return frozen.query("postgres", "select count(*) from pg_stat_activity where wait_event = 'PgSleep'").equals("0");
                });
                assertThat(frozen.query("app", "select count(*) from kept")).isEqualTo("0");
                assertThat(RunningProxy.value(client, "select count(*) from kept")).isEqualTo("1");
            }
        }
    }
}
