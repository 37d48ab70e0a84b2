package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// Pools that nobody uses take no memory for ever.
final class UnusedPoolsTest {
    private final RunningProxy proxy = RunningProxy.start(SharedPostgres.get(), 2);

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void retireAt(long nanos) {
        var first = proxy.server().contexts().getFirst();
        first.loop().submit(() -> proxy.server().pools().retireUnused(nanos)).syncUninterruptibly();
    }

    @Test
    void pools_of_databases_that_do_not_exist_disappear() {
        for (int i = 0; i < 20; i++) {
            String database = "no_such_" + i;
            assertThatThrownBy(() -> proxy.connect(database, PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD))
                    .asInstanceOf(InstanceOfAssertFactories.type(SQLException.class)).extracting(SQLException::getSQLState).isEqualTo("3D000");
        }
        await().until(() -> proxy.server().pools().all().isEmpty());
        await().until(() -> proxy.server().admission().clientsOfUser(PostgresFixture.APP_USER) == 0);
    }

    @Test
    void a_pool_without_clients_and_connections_is_forgotten_after_ten_minutes_and_made_again_when_needed() throws SQLException {
        Connection client = proxy.connect();
        RunningProxy.value(client, "select 1");
        long now = System.nanoTime();
        retireAt(now + Duration.ofMinutes(11).toNanos());
        assertThat(proxy.server().pools().all()).as("a client is in").hasSize(1);

        client.close();
        RunningProxy.run(proxy.console(), "RECONNECT");
        await().until(() -> proxy.server().pools().serversOfDatabase("app") == 0 && proxy.server().admission().clients() == 0);
        retireAt(now);
        retireAt(now + Duration.ofMinutes(9).toNanos());
        assertThat(proxy.server().pools().all()).hasSize(1);
        retireAt(now + Duration.ofMinutes(11).toNanos());
        assertThat(proxy.server().pools().all()).isEmpty();

        assertThat(RunningProxy.value(proxy.connect(), "select 1")).isEqualTo("1");
    }
}
