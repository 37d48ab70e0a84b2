package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/// Clients that listen and ask nothing, and lose their primary.
final class ListenThroughFailoverTest {
    @Test
    void a_client_that_listens_hears_again_though_it_asks_nothing() throws Exception {
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT); RunningProxy proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 6, """
                clusters.main { monitor { user = postgres, password = postgres }, hold.max-wait = 1s }
                """))) {
            await().until(() -> proxy.server().clusters().get("main").primary() != null);
            Connection idle = proxy.connect();
            RunningProxy.run(idle, "listen plain");
            RunningProxy.run(idle, "listen \"Odd \"\"name\"");
            Connection inTransaction = proxy.connect();
            RunningProxy.run(inTransaction, "listen plain");
            inTransaction.setAutoCommit(false);
            RunningProxy.value(inTransaction, "select 1");
            Connection deaf = proxy.connect();
            RunningProxy.run(deaf, "listen plain");
            RunningProxy.run(deaf, "listen other");
            RunningProxy.run(deaf, "unlisten plain");
            Connection silent = proxy.connect();
            RunningProxy.run(silent, "listen plain");
            RunningProxy.run(silent, "unlisten *");

            postgres.kill();
            // Longer than the hold's longest wait: those who listen are refused without hearing of it, and ask again.
            await().until(() -> proxy.get("/metrics").body().lines()
                    .anyMatch(line -> line.startsWith("pgkeel_hold_clients_refused_total") && !line.endsWith(" 0.0")));
            await().ignoreExceptions().until(() -> {
                postgres.startAgain();
                return true;
            });
            assertThatThrownBy(() -> RunningProxy.value(inTransaction, "select 1")).isInstanceOf(SQLException.class);
            inTransaction.rollback();
            inTransaction.setAutoCommit(true);

            await().until(() -> RunningProxy.show(proxy.console(), "PINS").stream()
                    .anyMatch(row -> row.get("database").equals("app") && row.get("reason").equals("listen") && row.get("pinned").equals("3")));
            postgres.execute("notify plain, 'one'", "notify \"Odd \"\"name\", 'two'", "notify other, 'three'");
            assertThat(heard(idle, 2)).containsExactly("plain one", "Odd \"name two");
            assertThat(heard(inTransaction, 1)).containsExactly("plain one");
            assertThat(heard(deaf, 1)).containsExactly("other three");
            assertThat(RunningProxy.value(idle, "select 1")).isEqualTo("1");
            assertThat(RunningProxy.value(silent, "select 1")).isEqualTo("1");
            assertThat(((PGConnection) silent).getNotifications()).isNullOrEmpty();
            assertThat(idle.getWarnings().getMessage()).contains("LISTEN was registered again");
        }
    }

    /// It began to listen in what a replica might have done, and asks for nothing that one can do.
    @Test
    void a_client_that_listens_waits_for_the_primary_though_there_are_replicas() throws Exception {
        try (ReplicatedPostgres postgres = new ReplicatedPostgres(1); TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + """
                routing = [ { name = reads, when { statement = read }, to = replica, consistency = eventual, or-else = primary } ]
                clusters.main.hold.max-wait = 10m
                """)) {
            await().until(() -> proxy.server().clusters().get("main").primary() != null);
            try (Connection client = proxy.connect("preferQueryMode", "simple"); Connection reader = proxy.connect()) {
                postgres.replica(0).kill();
                TestProxy.execute(client, "begin read only", "listen ear", "commit");
                startAgain(postgres.replica(0));
                String replica = String.valueOf(postgres.replica(0).settings().port());
                await().pollInterval(Duration.ofMillis(100)).until(() -> replica.equals(TestProxy.value(reader, "select current_setting('port')")));

                postgres.primary().kill();
                await().until(() -> proxy.server().clusters().get("main").primary() == null);
                assertThat(TestProxy.value(reader, "select current_setting('port')")).isEqualTo(replica);
                startAgain(postgres.primary());

                await().until(() -> {
                    postgres.execute("notify ear");
                    PGNotification[] some = ((PGConnection) client).getNotifications(50);
                    return some != null && some.length > 0;
                });
            }
        }
    }

    private static void startAgain(PostgresServer server) {
        await().ignoreExceptions().until(() -> {
            server.start();
            return true;
        });
    }

    private static List<String> heard(Connection client, int count) {
        List<String> all = new ArrayList<>();
        await().until(() -> {
            PGNotification[] some = ((PGConnection) client).getNotifications(50);
            if (some != null) for (PGNotification each : some) all.add(each.getName() + " " + each.getParameter());
            return all.size() >= count;
        });
        return all;
    }
}
