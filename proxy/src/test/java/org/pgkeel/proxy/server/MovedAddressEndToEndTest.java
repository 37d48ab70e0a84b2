package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.cluster.DoubtReason;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.postgres.PatroniStub;

/// An address has come to lead to another server, and the one before lives on: a name that was changed, a virtual address that moved, a balancer.
final class MovedAddressEndToEndTest {
    /// As many as the pool has connections.
    private static final int CLIENTS = 5;
    private static final String WATCHED = """
            clusters { main = null, watched { %s, monitor { user = postgres }, outcome = %s, tls.mode = disable } }
            databases."*" { cluster = watched }
            """;

    @ParameterizedTest
    @ValueSource(strings = {"off", "pipelined", "strict"})
    void a_connection_that_reaches_a_demoted_primary_is_not_used(String outcome) throws Exception {
        try (var postgres = new ReplicatedPostgres(1)) {
            PostgresServer leads = promoted(postgres);
            try (var link = new TurningLink(leads)) {
                nothingIsWrittenOnTheDemoted(postgres.primary(), leads, link, WATCHED.formatted("nodes = [\"" + link.address() + "\"]", outcome));
            }
        }
    }

    @Test
    void nor_is_one_where_patroni_calls_the_address_the_leaders() throws Exception {
        try (var postgres = new ReplicatedPostgres(1)) {
            PostgresServer leads = promoted(postgres);
            var members = new LinkedHashMap<String, NodeAddress>();
            try (var link = new TurningLink(leads)) {
                members.put("n1", new NodeAddress("127.0.0.1", link.port()));
                try (PatroniStub patroni = PatroniStub.start(members)) {
                    patroni.timeline(2);
                    nothingIsWrittenOnTheDemoted(postgres.primary(), leads, link, WATCHED.formatted("patroni { members = " + patroni.urls() + ", poll = 200ms }", "strict"));
                }
            }
        }
    }

    private static PostgresServer promoted(ReplicatedPostgres postgres) {
        PostgresServer leads = postgres.replica(0);
        postgres.execute("create table kept (what text)");
        postgres.awaitReplayed(leads);
        leads.execute("postgres", "select pg_promote()");
        return leads;
    }

    private static void nothingIsWrittenOnTheDemoted(PostgresServer demoted, PostgresServer leads, TurningLink link, String config) throws Exception {
        var clients = new ArrayList<Connection>();
        try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, config)) {
            for (int i = 0; i < CLIENTS; i++) clients.add(proxy.connect());
            for (Connection client : clients) client.setAutoCommit(false);
            insert(clients.getFirst());

            // Each keeps its backend, so that some of them need another one.
            link.turn(demoted);
            List<CompletableFuture<Void>> inserts = clients.stream().skip(1).map(client -> RunningProxy.inBackground(() -> insert(client))).toList();
            await().until(() -> hasReachedAnother(proxy) || inserts.stream().allMatch(CompletableFuture::isDone));

            // It was the primary, and is it again when the address leads there again.
            link.turn(leads);
            inserts.forEach(CompletableFuture::join);
            for (Connection client : clients) client.commit();
            assertThat(demoted.query("app", "select count(*) from kept")).isEqualTo("0");
            assertThat(leads.query("app", "select count(*) from kept")).isEqualTo(String.valueOf(CLIENTS));
            assertThat(hasReachedAnother(proxy)).isTrue();
            assertThat(proxy.server().clusters().get("watched").reign()).isEqualTo(1);
        } finally {
            for (Connection client : clients) client.close();
        }
    }

    private static void insert(Connection client) throws SQLException {
        TestProxy.execute(client, "insert into kept values ('anything')");
    }

    /// The watch looks by itself where the address leads now, and what is open to the replica of before is ended: it may show less.
    @Test
    void a_replicas_address_that_leads_to_another_replica_is_read_from_there_alone() throws Exception {
        try (var postgres = new ReplicatedPostgres(2); var link = new TurningLink(postgres.replica(0))) {
            String nodes = "nodes = [\"127.0.0.1:%d\", \"%s\"]".formatted(postgres.primary().settings().port(), link.address());
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, WATCHED.formatted(nodes, "off") + """
                    routing = [ { name = reads, when { statement = read }, to = replica, consistency = eventual } ]
                    """); Connection first = proxy.connect(); Connection second = proxy.connect()) {
                // The primary steps in where a replica is not there in time.
                await().until(() -> {
                    TestProxy.execute(first, "rollback", "begin read only");
                    return port(postgres.replica(0)).equals(server(first));
                });

                link.turn(postgres.replica(1));
                await().until(() -> port(postgres.replica(1)).equals(server(second)));
                assertThat(hasReachedAnother(proxy)).isTrue();
                assertThatThrownBy(() -> server(first)).isInstanceOfSatisfying(SQLException.class, lost -> assertThat(lost.getSQLState()).isEqualTo("40001"));
                TestProxy.execute(first, "rollback");
            }
        }
    }

    private static boolean hasReachedAnother(TestProxy proxy) {
        return proxy.server().clusters().get("watched").snapshot().doubts().get(DoubtReason.OTHER_SERVER.word()) > 0;
    }

    private static String port(PostgresServer server) {
        return String.valueOf(server.settings().port());
    }

    private static String server(Connection client) throws SQLException {
        return TestProxy.value(client, "select current_setting('port')");
    }
}
