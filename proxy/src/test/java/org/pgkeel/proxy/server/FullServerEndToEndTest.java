package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// The primary has no connection slot left: others have taken them all. Those others are superusers, so that a slot that becomes free is in their reserve, and neither
/// the proxy's monitor nor a backend of its clients gets it.
class FullServerEndToEndTest {
    private static final String CONFIG = """
            clusters { main = null, watched { nodes = ["%s:%d"], monitor { user = watcher, password = watcher }, hold.max-wait = 30s, tls.mode = disable } }
            databases."*" { cluster = watched, pool { max = 2 } }
            runtime { event-loops = 1 }
            """;

    private PostgresFixture postgres;
    private TestProxy proxy;
    private Connection client;
    private Connection busy;
    private String busyPid;
    private final List<Connection> others = new ArrayList<>();

    /// One client's backend is open and idle, another one's is in a transaction.
    @BeforeEach
    void start() throws SQLException {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT.with("max_connections", "10").with("superuser_reserved_connections", "3"));
        postgres.execute("create role watcher login password 'watcher'", "grant pg_monitor to watcher");
        proxy = TestProxy.startAt(postgres.host() + ":" + postgres.port(), TestProxy.PLAIN_USERS, CONFIG.formatted(postgres.host(), postgres.port()));
        client = proxy.connect();
        busy = proxy.connect();
        busy.setAutoCommit(false);
        busyPid = TestProxy.value(busy, "select pg_backend_pid()");
        assertThat(TestProxy.value(client, "select pg_backend_pid()")).isNotEqualTo(busyPid);
        assertThatThrownBy(() -> {
            while (others.size() < 20) others.add(postgres.connectAsSuperuser("app"));
        }).isInstanceOfSatisfying(SQLException.class, full -> assertThat(full.getSQLState()).isEqualTo("53300"));
    }

    @AfterEach
    void stop() throws SQLException {
        for (Connection each : others) each.close();
        client.close();
        busy.close();
        proxy.close();
        postgres.close();
    }

    @Test
    void clients_with_an_open_backend_go_on_after_an_ended_one_raised_a_doubt() throws SQLException {
        end(busyPid);
        await().until(() -> snapshot().doubts().get("admin_shutdown") > 0);
        for (int i = 0; i < 20; i++) clientGoesOn();
        assertThat(monitors()).as("the connection that was open is kept").isEqualTo("1");
        assertNothingWasLost();
    }

    @Test
    void clients_with_an_open_backend_go_on_while_the_monitor_is_not_let_in() throws SQLException {
        end(TestProxy.value(others.getFirst(), "select pid from pg_stat_activity where application_name = 'pgkeel monitor'"));
        await().until(() -> snapshot().pollErrors().stream().anyMatch(error -> error.reason().equals("full") && error.count() > 2));
        for (int i = 0; i < 20; i++) clientGoesOn();
        assertThat(monitors()).isEqualTo("0");

        for (Connection each : others.subList(1, others.size())) each.close();
        await().until(() -> monitors().equals("1"));
        clientGoesOn();
        assertNothingWasLost();
    }

    private void end(String pid) throws SQLException {
        assertThat(TestProxy.value(others.getFirst(), "select pg_terminate_backend(" + pid + ")")).isEqualTo("t");
    }

    private void clientGoesOn() throws SQLException {
        assertThat(TestProxy.value(client, "select 'served'")).isEqualTo("served");
    }

    private String monitors() throws SQLException {
        return TestProxy.value(others.getFirst(), "select count(*) from pg_stat_activity where application_name = 'pgkeel monitor'");
    }

    private void assertNothingWasLost() {
        assertThat(cluster().reign()).isEqualTo(1);
        assertThat(snapshot().losses()).containsEntry("primary_lost", 0L);
    }

    private ClusterSnapshot snapshot() {
        return cluster().snapshot();
    }

    private Cluster cluster() {
        return proxy.server().clusters().get("watched");
    }
}
