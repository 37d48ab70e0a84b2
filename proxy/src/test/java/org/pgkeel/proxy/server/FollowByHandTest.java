package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// The primary on the newer timeline is gone, and the one before takes writes again: nobody is served until an operator says so.
final class FollowByHandTest {
    @Test
    void a_timeline_that_went_back_is_held_with_an_alarm_until_an_operator_follows_it() throws Exception {
        try (PostgresFixture first = PostgresFixture.start(FixtureOptions.DEFAULT)) {
            PostgresFixture second = first.standby();
            try (RunningProxy proxy = RunningProxy.start(first, """
                    listen { address = "127.0.0.1", port = 0 }
                    admin { address = "127.0.0.1", port = 0, users = [ops] }
                    clusters.main { nodes = ["%s:%d", "%s:%d"], monitor { user = postgres, password = postgres }, outcome = off }
                    databases { "*" { pool { max = 2 } } }
                    auth.users-file = "users.txt"
                    """.formatted(first.host(), first.port(), second.host(), second.port()))) {
                Connection console = proxy.console();
                Connection client = proxy.connect();
                String firstNode = first.host() + ":" + first.port();
                String secondNode = second.host() + ":" + second.port();
                assertThat(RunningProxy.value(client, "select pg_is_in_recovery()")).isEqualTo("f");
                assertRefused(console, "FOLLOW main '" + firstNode + "'", "there is nothing to decide by hand");
                assertRefused(console, "FOLLOW other '" + firstNode + "'", "there is no cluster \"other\"");

                first.kill();
                second.query("select pg_promote()");
                await().untilAsserted(() -> assertThat(primary(console)).isEqualTo(secondNode + " on 2"));
                assertThat(RunningProxy.value(client, "select pg_is_in_recovery()")).isEqualTo("f");

                second.kill();
                await().ignoreExceptions().until(() -> {
                    first.startAgain();
                    return true;
                });
                await().untilAsserted(() -> assertThat(RunningProxy.show(console, "CLUSTER").getFirst())
                        .containsEntry("alarms", "timeline_went_back").containsEntry("role", "writable").containsEntry("timeline", "1"));
                await().untilAsserted(() -> assertThat(RunningProxy.show(console, "HOLD").getFirst()).containsEntry("state", "holding").containsEntry("reason", "alarm"));
                var held = RunningProxy.inBackground(() -> RunningProxy.value(client, "select 1"));
                await().until(() -> RunningProxy.show(console, "HOLD").getFirst().get("waiting").equals("1"));
                assertRefused(console, "FOLLOW main '" + secondNode + "'", "the leader whose timeline went back is " + firstNode);

                RunningProxy.run(console, "FOLLOW main '" + firstNode + "'");

                held.join();
                assertThat(primary(console)).isEqualTo(firstNode + " on 1");
                assertThat(RunningProxy.show(console, "CLUSTER").getFirst()).containsEntry("alarms", "").containsEntry("reign", "3");
            }
        }
    }

    private static String primary(Connection console) throws SQLException {
        return RunningProxy.show(console, "CLUSTER").stream().filter(row -> row.get("role").equals("primary")).map(row -> row.get("address") + " on " + row.get("timeline"))
                .findFirst().orElse("nobody");
    }

    private static void assertRefused(Connection console, String command, String why) {
        assertThatThrownBy(() -> RunningProxy.run(console, command)).isInstanceOf(SQLException.class).hasMessageContaining(why);
    }
}
