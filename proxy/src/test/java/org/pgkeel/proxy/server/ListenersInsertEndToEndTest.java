package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.NotificationResponse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// A client that listens, has lost its backend, and goes on with an INSERT that could share its commit.
final class ListenersInsertEndToEndTest {
    private static final String RULES = """
            clusters.main.monitor { user = postgres, password = postgres }
            coalesce = [ { table = public.kept, lanes = 1, max-delay = 1s, lock-timeout = 0s } ]
            runtime.event-loops = 1
            """;

    @Test
    void it_hears_again() throws Exception {
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT)) {
            postgres.execute("create table kept (n int)", "grant all on kept to app");
            try (TestProxy proxy = TestProxy.start(postgres, RULES); WireClient client = WireClient.ofApp(proxy.port(), Map.of()); WireClient other = WireClient.ofApp(proxy.port(), Map.of());
                    WireClient companion = WireClient.ofApp(proxy.port(), Map.of())) {
                await().until(() -> {   // until the table is known to the proxy
                    assertThat(Replies.ask(other, "insert into kept values (0)")).containsExactly("INSERT 0 1", "ready IDLE");
                    return proxy.coalesced().alone() > 0;
                });
                assertThat(Replies.ask(client, "listen ear")).containsExactly("LISTEN", "ready IDLE");
                assertThat(Replies.ask(client, "begin")).containsExactly("BEGIN", "ready IN_TRANSACTION");
                postgres.kill();
                await().until(() -> proxy.server().clusters().get("main").primary() == null);
                await().ignoreExceptions().until(() -> {
                    postgres.startAgain();
                    return true;
                });
                assertThat(Replies.ask(client, "select 1")).containsExactly("error 40001", "ready FAILED");
                assertThat(Replies.ask(other, "insert into kept values (1)")).containsExactly("INSERT 0 1", "ready IDLE");
                try (Connection direct = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
                    direct.setAutoCommit(false);
                    TestProxy.execute(direct, "lock table kept in share mode");
                    other.send(new Query("insert into kept values (2)"));
                    await().until(() -> waiting(postgres) == 1);
                    companion.send(new Query("insert into kept values (3)"));
                    client.send(new Query("rollback"), new Query("insert into kept values (4)"));
                    assertThat(Replies.untilReady(client)).containsExactly("ROLLBACK", "ready IDLE");
                    await().until(() -> waiting(postgres) >= 2);
                    direct.rollback();
                }
                assertThat(Replies.untilReady(other)).containsExactly("INSERT 0 1", "ready IDLE");
                assertThat(Replies.untilReady(companion)).containsExactly("INSERT 0 1", "ready IDLE");
                assertThat(Replies.untilReady(client)).containsExactly("INSERT 0 1", "ready IDLE");
                postgres.execute("notify ear");
                assertThat(client.read()).isInstanceOf(NotificationResponse.class);
            }
        }
    }

    private static int waiting(PostgresFixture postgres) {
        return Integer.parseInt(postgres.query("select count(*) from pg_locks where relation = 'kept'::regclass and not granted"));
    }
}
