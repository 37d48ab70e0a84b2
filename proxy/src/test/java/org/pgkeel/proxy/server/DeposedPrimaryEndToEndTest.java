package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.postgres.PatroniStub;

/// The leader key is another's, who has not been promoted yet, and the server of before goes on taking writes: it is not asked to commit anything.
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
}
