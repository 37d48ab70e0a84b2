package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.postgres.PatroniStub;
import org.postgresql.PGConnection;

/// While clients wait for a primary, connections for them are opened to the replicas, and the one that is promoted serves them with those.
class ReadyConnectionsEndToEndTest {
    private static final int CLIENTS = 4;
    /// When the server process began that took the row.
    private static final String INSERT = "insert into kept select backend_start from pg_stat_activity where pid = pg_backend_pid() returning 'kept'";

    private final List<Connection> clients = new ArrayList<>();
    private ExecutorService threads;
    private ReplicatedPostgres postgres;

    @BeforeEach
    void start() {
        threads = Executors.newCachedThreadPool();
        postgres = new ReplicatedPostgres(2);
        postgres.execute("create table kept (begun timestamptz)");
        postgres.awaitReplayed(postgres.replica(0));
        postgres.awaitReplayed(postgres.replica(1));
    }

    @AfterEach
    void stop() throws SQLException {
        for (Connection client : clients) client.close();
        threads.shutdownNow();
        postgres.close();
    }

    @Test
    void who_is_promoted_serves_those_that_wait_with_connections_that_it_had_before() throws Exception {
        PostgresServer promoted = postgres.replica(0);
        try (TestProxy proxy = proxy(postgres.cluster())) {
            connect(proxy);
            List<Future<String>> waiting = loseThePrimaryAndAsk();
            awaitReady(promoted);
            awaitReady(postgres.replica(1));
            String moment = promoted.query("app", "select clock_timestamp()");
            promoted.execute("postgres", "select pg_promote()");

            for (Future<String> each : waiting) assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo("kept");
            assertThat(promoted.query("app", "select count(*) from kept")).isEqualTo(String.valueOf(CLIENTS));
            assertThat(promoted.query("app", "select count(*) from kept where begun > '" + moment + "'")).isEqualTo("0");
            awaitNobody(postgres.replica(1));
            assertThat(connections(promoted)).isLessThanOrEqualTo(CLIENTS);
            // libpq believes that report, where it looks for a server that takes writes.
            clients.add(proxy.connect("ApplicationName", "another"));
            assertThat(clients.getLast().unwrap(PGConnection.class).getParameterStatus("in_hot_standby")).isEqualTo("off");
        }
    }

    @Test
    void where_the_primary_comes_back_they_are_closed() throws Exception {
        try (TestProxy proxy = proxy(postgres.cluster())) {
            connect(proxy);
            List<Future<String>> waiting = loseThePrimaryAndAsk();
            awaitReady(postgres.replica(0));
            postgres.primary().start();

            for (Future<String> each : waiting) assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo("kept");
            awaitNobody(postgres.replica(0));
            awaitNobody(postgres.replica(1));
        }
    }

    @Test
    void a_member_that_is_never_promoted_has_none() throws Exception {
        var members = new LinkedHashMap<String, NodeAddress>();
        members.put("n1", address(postgres.primary()));
        members.put("n2", address(postgres.replica(0)));
        members.put("n3", address(postgres.replica(1)));
        try (PatroniStub patroni = PatroniStub.start(members)) {
            patroni.tags("n3", "{\"nofailover\":true}");
            try (TestProxy proxy = proxy("""
                    clusters { main = null, watched { patroni { members = %s }, monitor { user = postgres } } }
                    databases."*" { cluster = watched }
                    """.formatted(patroni.urls()))) {
                connect(proxy);
                loseThePrimaryAndAsk();
                awaitReady(postgres.replica(0));
                assertThat(connections(postgres.replica(1))).isZero();
            }
        }
    }

    private static TestProxy proxy(String cluster) {
        return TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, cluster + "runtime.event-loops = 2\n");
    }

    private void connect(TestProxy proxy) throws SQLException {
        for (int i = 0; i < CLIENTS; i++) clients.add(proxy.connect());
        for (Connection client : clients) assertThat(TestProxy.value(client, "select 'served'")).isEqualTo("served");
    }

    private List<Future<String>> loseThePrimaryAndAsk() {
        postgres.primary().kill();
        return clients.stream().map(client -> threads.submit(() -> TestProxy.value(client, INSERT))).toList();
    }

    private static int connections(PostgresServer server) {
        return Integer.parseInt(server.query("postgres", "select count(*) from pg_stat_activity where usename = 'app'"));
    }

    private static void awaitReady(PostgresServer replica) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(connections(replica)).isEqualTo(CLIENTS));
    }

    private static void awaitNobody(PostgresServer server) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(connections(server)).isZero());
    }

    private static NodeAddress address(PostgresServer server) {
        return new NodeAddress(server.settings().address(), server.settings().port());
    }
}
