package org.pgkeel.bench.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.ClusterOptions;
import org.pgkeel.bench.cluster.ClusterOptions.DcsKind;
import org.pgkeel.bench.cluster.ClusterOptions.Replication;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.PgKeelProcess;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.link.Caller;
import org.pgkeel.bench.link.Treatment;

/// Faults do what they say to a real cluster, and the cluster gets well when they are healed.
class BrokenClusterTest {
    private static final Duration LIMIT = Duration.ofSeconds(240);
    private static PatroniCluster cluster;
    private static Scene scene;

    @BeforeAll
    static void start() throws Exception {
        cluster = PatroniCluster.start(ClusterOptions.of(DcsKind.ZOOKEEPER, Replication.ASYNCHRONOUS));
        scene = new Scene(cluster, List.of());
        try {
            cluster.awaitHealthy(LIMIT);
            try (Connection primary = direct(cluster.leader().orElseThrow()); Statement statement = primary.createStatement()) {
                statement.execute("create table note (id bigint generated always as identity, word text)");
            }
        } catch (IOException | SQLException e) {
            cluster.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @BeforeEach
    void healthy() throws IOException {
        cluster.awaitHealthy(LIMIT);
    }

    @Test
    void a_frozen_patroni_makes_two_writable_primaries_until_it_thaws() throws Exception {
        PatroniNode old = cluster.leader().orElseThrow();
        try (Injection injection = Faults.named("patroni-frozen").inject(scene)) {
            PatroniNode next = injection.awaitDue().orElseThrow();
            assertThat(next).isNotSameAs(old);
            assertThat(injection.victim()).contains(old);
            assertThat(cluster.leader()).contains(next);
            assertThat(List.of(note(old, "zombie"), note(next, "primary"))).containsExactly(1, 1);
        }
        cluster.awaitHealthy(LIMIT);
        assertThatThrownBy(() -> note(old, "no more")).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
    }

    @Test
    void a_primary_that_is_cut_off_from_the_proxy_still_has_its_standbys() throws Exception {
        PatroniNode primary = cluster.leader().orElseThrow();
        try (Connection client = throughLink(primary); Connection other = throughLink(primary)) {
            assertThat(value(client, "select 1")).isEqualTo("1");
            assertThat(value(other, "select 1")).isEqualTo("1");
            try (Injection injection = Faults.named("cut-from-proxy").inject(scene)) {
                assertThatThrownBy(() -> value(other, "select 1")).isInstanceOf(SQLException.class).hasRootCauseInstanceOf(java.net.SocketTimeoutException.class);
                assertThatThrownBy(() -> throughLink(primary)).isInstanceOf(SQLException.class);
                assertThat(note(primary, "streams on")).isEqualTo(1);
                for (PatroniNode node : cluster.nodes()) awaitNote(node, "streams on");
                assertThat(injection.until()).isInstanceOf(Until.Past.class);
            }
            assertThat(value(client, "select 2")).isEqualTo("2");
        }
        assertThat(cluster.leader()).contains(primary);
    }

    @Test
    void a_replica_whose_replay_is_paused_shows_old_data_until_it_goes_on() throws Exception {
        PatroniNode primary = cluster.leader().orElseThrow();
        try (Injection injection = Faults.named("replay-paused").inject(scene)) {
            PatroniNode replica = injection.victim().orElseThrow();
            assertThat(replica).isNotSameAs(primary);
            note(primary, "late");
            PatroniNode third = cluster.nodes().stream().filter(node -> node != primary && node != replica).findFirst().orElseThrow();
            awaitNote(third, "late");
            try (Connection connection = direct(replica)) {
                Awaitility.await().atMost(LIMIT).until(() -> value(connection, "select (pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn())::text").equals("true"));
                assertThat(value(connection, "select count(*) from note where word = 'late'")).isEqualTo("0");
                injection.heal();
                awaitNote(replica, "late");
            }
        }
    }

    /// A replica that has forked off looks like this, but nobody can make one at will.
    @Test
    void a_replica_that_never_comes_back_to_the_primary_is_copied_anew() throws Exception {
        PatroniNode primary = cluster.leader().orElseThrow();
        PatroniNode replica = cluster.nodes().stream().filter(node -> node != primary).findFirst().orElseThrow();
        Path mark = Files.createFile(replica.dataFolder().resolve("not-in-a-base-backup"));
        var did = new ArrayList<String>();
        primary.sqlLink().spoil(this, Caller.node(replica.name()), new Treatment.Reset());
        try (Connection connection = primary.connectDirectly(PatroniCluster.SUPERUSER)) {
            Awaitility.await().atMost(LIMIT).until(() -> value(connection, "select count(*) from pg_stat_replication where application_name = '" + replica.name() + "'").equals("0"));
            cluster.makeHealthy(LIMIT, Duration.ofSeconds(3), what -> {
                did.add(what);
                if (what.equals(replica.name() + " reinitialised")) primary.sqlLink().heal(this);
            });
        } finally {
            primary.sqlLink().heal(this);
        }
        assertThat(did).contains(replica.name() + " reinitialised");
        assertThat(mark).doesNotExist();
        assertThat(cluster.leader()).contains(primary);
    }

    @Test
    void patronis_rest_can_hang_refuse_and_talk_nonsense_to_everybody_while_it_is_well() throws Exception {
        URI member = cluster.memberUrls().getFirst();
        assertThat(get(member)).contains("\"members\"");
        try (Injection _ = Faults.named("rest-hangs").inject(scene)) {
            assertThatThrownBy(() -> get(member)).isInstanceOf(HttpTimeoutException.class);
        }
        try (Injection _ = Faults.named("rest-refuses").inject(scene)) {
            assertThatThrownBy(() -> get(member)).isInstanceOf(ConnectException.class);
        }
        try (Injection _ = Faults.named("rest-nonsense").inject(scene)) {
            assertThat(answer(member)).noneMatch(body -> body.contains("\"timeline\""));
            assertThat(get(cluster.nodes().getFirst().directRest())).contains("\"timeline\"");
        }
        assertThat(get(member)).contains("\"members\"");
    }

    @Test
    void links_to_a_killed_node_refuse_until_it_is_back() throws Exception {
        PatroniNode primary = cluster.leader().orElseThrow();
        try (Injection injection = Faults.named("node-killed").inject(scene)) {
            awaitRefused(primary.sql());
            awaitRefused(new InetSocketAddress(primary.rest().getHost(), primary.rest().getPort()));
            assertThat(injection.awaitDue()).isPresent().get().isNotSameAs(primary);
        }
        cluster.awaitHealthy(LIMIT);
        try (Connection back = throughLink(primary)) {
            assertThat(value(back, "select pg_is_in_recovery()::text")).isEqualTo("true");
        }
    }

    @Test
    void one_pgkeel_of_two_is_killed_and_comes_back_where_it_was() throws Exception {
        String server = cluster.leader().orElseThrow().host() + ":" + cluster.leader().orElseThrow().sql().getPort();
        Function<PgKeelProcess.Place, String> configuration = place -> """
                listen    { address = "127.0.0.1", port = %d }
                admin     { address = "127.0.0.1", port = %d }
                clusters  { main { nodes = ["%s"] } }
                databases { "*" { cluster = main } }
                auth      { method = scram-sha-256, users-file = "users.txt" }
                """.formatted(place.port(), place.adminPort(), server);
        List<String> program = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-XX:TieredStopAtLevel=1",
                "-cp", System.getProperty("java.class.path"), "org.pgkeel.proxy.Main");
        try (var cleanup = new Cleanup()) {
            WorkFolder work = cleanup.add(WorkFolder.temporary());
            PgKeelProcess first = cleanup.add(PgKeelProcess.start("first", program, work, configuration));
            PgKeelProcess second = cleanup.add(PgKeelProcess.start("second", program, work, configuration));
            first.awaitFirstQuery(LIMIT);
            second.awaitFirstQuery(LIMIT);
            long pid = first.pid().orElseThrow();
            var both = new Scene(cluster, List.of(first, second));
            Fault fault = Faults.named("pgkeel-killed");
            assertThat(fault.unavailable(both)).isEmpty();
            try (Injection _ = fault.inject(both)) {
                assertThat(first.pid()).isEmpty();
                assertThatThrownBy(first::metrics).isInstanceOf(IOException.class);
                assertThat(second.metrics()).contains("pgkeel_");
            }
            first.awaitFirstQuery(LIMIT);
            assertThat(first.pid().orElseThrow()).isNotEqualTo(pid);
        }
    }

    @Test
    void what_the_surroundings_do_not_allow_says_so() {
        assertThat(Faults.named("packets-lost").unavailable(scene)).hasValueSatisfying(why -> assertThat(why).contains("BENCH_SANDBOX"));
        assertThat(Faults.named("disk-full").unavailable(scene)).isPresent();
        assertThat(Faults.named("pgkeel-killed").unavailable(scene)).isEqualTo(Optional.of("needs two PgKeels"));
        assertThat(Faults.named("node-killed").unavailable(scene)).isEmpty();
    }

    private static Connection direct(PatroniNode node) throws SQLException {
        return node.connectDirectly(PatroniCluster.APPLICATION);
    }

    private static Connection throughLink(PatroniNode node) throws SQLException {
        var login = PatroniCluster.APPLICATION;
        return DriverManager.getConnection("jdbc:postgresql://%s:%d/%s?user=%s&password=%s&sslmode=disable&connectTimeout=10&socketTimeout=10".formatted(
                node.host(), node.sql().getPort(), login.database(), login.user(), login.password()));
    }

    private static int note(PatroniNode node, String word) throws SQLException {
        try (Connection connection = direct(node); Statement statement = connection.createStatement()) {
            return statement.executeUpdate("insert into note (word) values ('" + word + "')");
        }
    }

    /// A standby may not even have the table yet, and cancels who reads what it replays.
    private static void awaitNote(PatroniNode node, String word) throws SQLException {
        try (Connection connection = direct(node)) {
            Awaitility.await().atMost(LIMIT).ignoreExceptionsInstanceOf(SQLException.class).until(() -> value(connection, "select count(*) from note where word = '" + word + "'").equals("1"));
        }
    }

    private static String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private static void awaitRefused(InetSocketAddress link) {
        Awaitility.await().atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(() -> refused(link));
    }

    /// A connection that a listener had not accepted yet is reset when it closes: not refused, the next one will be.
    private static boolean refused(InetSocketAddress link) {
        try (var socket = new Socket()) {
            socket.connect(link, 10_000);
            return false;
        } catch (ConnectException refused) {
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    private static String get(URI member) throws Exception {
        try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            return http.send(HttpRequest.newBuilder(member.resolve("/cluster")).timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    /// What a few requests are answered with, where that is HTTP at all.
    private static List<String> answer(URI member) {
        return java.util.stream.IntStream.range(0, 20).mapToObj(_ -> {
            try {
                return get(member);
            } catch (Exception notHttp) {
                return "";
            }
        }).toList();
    }
}
