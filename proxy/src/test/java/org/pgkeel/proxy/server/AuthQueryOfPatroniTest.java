package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.LinkedHashMap;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PatroniStub;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Users whom only PostgreSQL knows, in a cluster whose nodes only Patroni knows.
final class AuthQueryOfPatroniTest {
    @Test
    void the_primary_is_asked_and_a_replica_while_there_is_none() throws Exception {
        try (PostgresFixture primary = PostgresFixture.start(FixtureOptions.DEFAULT)) {
            PostgresFixture standby = primary.standby();
            primary.execute("create user queried_first password 'opened'", "create user queried_later password 'opened'",
                    "create user queried_last password 'opened'");
            await().until(() -> standby.query("select count(*) from pg_roles where rolname = 'queried_last'").equals("1"));
            var members = new LinkedHashMap<String, NodeAddress>();
            members.put("n2", new NodeAddress(standby.host(), standby.port()));
            members.put("n1", new NodeAddress(primary.host(), primary.port()));
            try (var patroni = PatroniStub.start(members)) {
                patroni.leader(Optional.of("n1"));
                try (RunningProxy proxy = RunningProxy.start(primary, """
                        listen { address = "127.0.0.1", port = 0 }
                        admin { address = "127.0.0.1", port = 0 }
                        clusters.main { patroni { members = %s }, monitor { user = postgres, password = postgres } }
                        databases { "*" { pool { max = 5 } } }
                        timeouts.server-connect = 2s
                        auth { users-file = "users.txt", auth-query { user = postgres, cache-for = 0s } }
                        """.formatted(patroni.urls()))) {
                    await().until(() -> proxy.server().clusters().get("main").primary() != null);
                    assertThat(RunningProxy.value(proxy.connect("app", "queried_first", "opened"), "select current_user")).isEqualTo("queried_first");
                    assertThat(primary.query(kept())).isEqualTo("1");

                    primary.kill();
                    await().until(() -> proxy.server().clusters().get("main").primary() == null);
                    // Nobody has asked for this user before, so no answer is remembered; its pool is new too, so that it waits to be greeted.
                    var waiting = RunningProxy.inBackground(() ->
                            assertThat(RunningProxy.value(proxy.connect("app", "queried_later", "opened"), "select current_user")).isEqualTo("queried_later"));
                    await().until(() -> standby.query(kept()).equals("1"));

                    await().ignoreExceptions().until(() -> {
                        primary.startAgain();
                        return true;
                    });
                    waiting.join();
                    assertThat(RunningProxy.value(proxy.connect("app", "queried_last", "opened"), "select current_user")).isEqualTo("queried_last");
                    assertThat(primary.query(kept())).isEqualTo("1");
                }
            }
        }
    }

    private static String kept() {
        return "select count(*) from pg_stat_activity where application_name = 'pgkeel auth-query' and datname = 'app'";
    }
}
