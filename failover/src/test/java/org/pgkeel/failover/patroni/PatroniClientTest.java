package org.pgkeel.failover.patroni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.patroni.MemberStatus.Mark;
import org.pgkeel.failover.topology.NodeAddress;

/// Whatever the other side does: within the deadline there is an answer, and it says what was wrong.
class PatroniClientTest {
    /// Of the client that is kept waiting on purpose; the other one has time, so that a busy machine fails no test.
    private static final Duration HASTE = Duration.ofMillis(700);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String LEADER = """
            {"state": "running", "postmaster_start_time": "2026-11-22 00:17:51.774273+00:00", "role": "master", "server_version": 150020, "xlog": {"location": 69986608},
             "timeline": 23, "replication": [{"usename": "replicator", "application_name": "n3", "client_addr": "127.0.0.1", "state": "streaming", "sync_state": "async", "sync_priority": 0}],
             "dcs_last_seen": 1795306910, "database_system_identifier": "7710779280167773152", "patroni": {"version": "3.0.2", "scope": "demo"}}
            """;

    private FakePatroni patroni;
    private PatroniClient client;
    private PatroniClient hasty;

    @BeforeEach
    void start() throws IOException {
        patroni = new FakePatroni();
        client = new PatroniClient(PATIENCE, Optional.empty(), Optional.empty());
        hasty = new PatroniClient(HASTE, Optional.empty(), Optional.empty());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        hasty.close();
        patroni.close();
    }

    private PatroniAnswer status() throws Exception {
        return status(client, patroni.url());
    }

    private static PatroniAnswer status(PatroniClient client, URI url) throws Exception {
        return client.status(url, "primary").get(90, TimeUnit.SECONDS);
    }

    private static PatroniAnswer.Kind failure(PatroniAnswer answer) {
        assertThat(answer).isInstanceOf(PatroniAnswer.Failed.class);
        return ((PatroniAnswer.Failed) answer).kind();
    }

    // --- what Patroni says

    @Test
    void a_status_is_the_code_and_what_the_body_says() throws Exception {
        patroni.on("/primary", FakePatroni.says(200, LEADER));
        assertThat(status()).isInstanceOfSatisfying(PatroniAnswer.Status.class, said -> {
            assertThat(said.code()).isEqualTo(200);
            assertThat(said.status().role()).isEqualTo(MemberStatus.Role.PRIMARY);
            assertThat(said.status().state()).isEqualTo(MemberStatus.State.RUNNING);
            assertThat(said.status().timeline()).isEqualTo(23);
        });
        patroni.on("/primary", FakePatroni.says(503, """
                {"state": "stopped", "role": "master", "cluster_unlocked": true, "dcs_last_seen": 1795307062, "database_system_identifier": "7710779280167773152",
                 "patroni": {"version": "3.0.2", "scope": "demo"}, "pause": true}"""));
        assertThat(status()).isInstanceOfSatisfying(PatroniAnswer.Status.class, said -> {
            assertThat(said.code()).isEqualTo(503);
            assertThat(said.status().state()).isEqualTo(MemberStatus.State.STOPPING);
            assertThat(said.status().marks()).containsExactlyInAnyOrder(Mark.CLUSTER_UNLOCKED, Mark.PAUSED);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"stopping", "unknown", "crashed", "starting", "a word of Patroni 5"})
    void a_200_from_a_dead_primary_says_in_its_body_that_it_is_not_running(String state) throws Exception {
        patroni.on("/primary", FakePatroni.says(200, "{\"state\": \"" + state + "\", \"role\": \"master\"}"));
        assertThat(status()).isInstanceOfSatisfying(PatroniAnswer.Status.class, said -> assertThat(said.status().state()).isNotEqualTo(MemberStatus.State.RUNNING));
    }

    @Test
    void the_map_has_the_members_the_pause_and_the_switchover_that_is_planned() throws Exception {
        patroni.on("/cluster", FakePatroni.says(200, """
                {"members": [
                  {"name": "n1", "role": "replica", "state": "stopped", "api_url": "http://127.0.1.1:18008/patroni", "host": "127.0.1.1", "port": 15432, "lag": "unknown"},
                  {"name": "n2", "role": "leader", "state": "running", "api_url": "http://127.0.1.2:18008/patroni", "host": "127.0.1.2", "port": 15432, "timeline": 23},
                  {"name": "n3", "role": "sync_standby", "state": "streaming", "api_url": "https://[::1]:18008/patroni", "host": "127.0.1.3", "port": "15432", "timeline": 23, "lag": 0,
                   "tags": {"zone": "west", "noloadbalance": true}}],
                 "scope": "demo", "pause": true, "scheduled_switchover": {"at": "2030-01-01T00:00:00+00:00", "from": "n2"}}"""));
        assertThat(client.cluster(patroni.url()).get(90, TimeUnit.SECONDS)).isInstanceOfSatisfying(PatroniAnswer.Map.class, said -> {
            ClusterDocument map = said.document();
            assertThat(map.leader().orElseThrow().name()).isEqualTo("n2");
            assertThat(map.members()).extracting(ClusterDocument.Member::address).contains(Optional.of(new NodeAddress("127.0.1.3", 15432)));
            assertThat(map.members().getLast().tags()).containsEntry("zone", "west").containsEntry("noloadbalance", "true");
            assertThat(map.paused()).isTrue();
            assertThat(map.scheduledSwitchover()).isPresent();
        });
    }

    @Test
    void a_connection_that_is_left_open_is_used_again_and_one_that_is_closed_costs_no_answer() throws Exception {
        int polls = 50;
        patroni.on("/primary", FakePatroni.saysAndKeepsOpen(200, LEADER));
        for (int i = 0; i < polls; i++) assertThat(status()).isInstanceOf(PatroniAnswer.Status.class);
        assertThat(patroni.connections.get()).isLessThan(polls);
        patroni.on("/primary", FakePatroni.says(200, LEADER));
        for (int i = 0; i < polls; i++) assertThat(status()).isInstanceOf(PatroniAnswer.Status.class);
        assertThat(patroni.connections.get()).isGreaterThanOrEqualTo(polls);
    }

    @Test
    void settings_are_ttl_and_loop_wait() throws Exception {
        patroni.on("/config", FakePatroni.says(200, "{\"ttl\": 20, \"loop_wait\": 1, \"retry_timeout\": 3, \"postgresql\": {\"use_pg_rewind\": true}}"));
        assertThat(client.settings(patroni.url()).get(90, TimeUnit.SECONDS)).isEqualTo(new PatroniAnswer.Settings(20_000, 1_000));
        patroni.on("/config", FakePatroni.says(200, "{}"));
        assertThat(client.settings(patroni.url()).get(90, TimeUnit.SECONDS)).as("Patroni's own defaults").isEqualTo(new PatroniAnswer.Settings(30_000, 10_000));
        patroni.on("/config", FakePatroni.says(200, "{\"ttl\": -1}"));
        assertThat(failure(client.settings(patroni.url()).get(90, TimeUnit.SECONDS))).isEqualTo(PatroniAnswer.Kind.NONSENSE);
    }

    // --- what nobody should say

    @Test
    void who_hangs_or_drips_has_his_time_and_no_more() throws Exception {
        for (FakePatroni.Way slow : List.of(patroni.hangs(), patroni.drips(200, LEADER, 100))) {
            patroni.on("/primary", slow);
            long began = System.nanoTime();
            assertThat(failure(status(hasty, patroni.url()))).isEqualTo(PatroniAnswer.Kind.TIMEOUT);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(HASTE.minusMillis(50), HASTE.plusSeconds(60));
        }
    }

    @Test
    void a_gigabyte_is_not_read() throws Exception {
        patroni.on("/primary", patroni.floods(1L << 30));
        assertThat(failure(status())).isEqualTo(PatroniAnswer.Kind.TOO_LARGE);
        assertThat(patroni.bytesSent.get()).as("what the sockets' buffers took").isLessThan(64L << 20);
    }

    @Test
    void who_closes_without_an_answer_or_is_not_there_is_told_apart() throws Exception {
        patroni.on("/primary", FakePatroni.closes());
        assertThat(failure(status())).isEqualTo(PatroniAnswer.Kind.CLOSED);
        URI nobody;
        try (var free = new ServerSocket(0)) {
            nobody = URI.create("http://127.0.0.1:" + free.getLocalPort());
        }
        assertThat(failure(status(client, nobody))).isEqualTo(PatroniAnswer.Kind.UNREACHABLE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html><body>It works!</body></html>", "", "null", "[]", "42", "\"running\"", "{", "{\"state\": \"running\"}", "{\"state\": 1, \"role\": \"master\"}",
            "{\"state\": \"running\", \"role\": \"master\", \"timeline\": -1}", "{\"state\": \"running\", \"role\": \"master\", \"timeline\": 1e99}",
            "{\"state\": \"running\", \"role\": \"master\"} trailing", "{\"state\": \"running\", \"role\": \"master\", \"xlog\": 7}", "\u0000\u0001\u0002"})
    void an_answer_that_patroni_would_not_give_is_none(String body) throws Exception {
        patroni.on("/primary", FakePatroni.says(200, body));
        assertThat(failure(status())).isEqualTo(PatroniAnswer.Kind.NONSENSE);
    }

    @Test
    void depth_and_length_are_bounded_inside_of_the_bytes_that_are_read() throws Exception {
        for (String body : List.of("{\"state\":" + "[".repeat(100_000), "{\"a\":".repeat(50_000), "{\"state\": \"" + "x".repeat(200_000) + "\"}", "{\"timeline\": " + "9".repeat(100_000) + "}",
                "{\"" + "n".repeat(100_000) + "\": 1}")) {
            patroni.on("/primary", FakePatroni.says(200, body));
            assertThat(failure(status())).isEqualTo(PatroniAnswer.Kind.NONSENSE);
        }
    }

    @Test
    void codes_that_patroni_does_not_give_are_no_answers() throws Exception {
        for (int code : new int[] {204, 301, 404, 500, 502}) {
            patroni.on("/primary", FakePatroni.says(code, LEADER));
            assertThat(failure(status())).as("HTTP %d", code).isEqualTo(PatroniAnswer.Kind.HTTP);
        }
        for (int code : new int[] {401, 403}) {
            patroni.on("/primary", FakePatroni.says(code, "<html>"));
            assertThat(failure(status())).as("HTTP %d", code).isEqualTo(PatroniAnswer.Kind.DENIED);
        }
    }

    @Test
    void one_that_hangs_keeps_no_other_waiting() throws Exception {
        patroni.on("/primary", patroni.hangs());
        patroni.on("/replica", FakePatroni.says(503, LEADER));
        var hanging = java.util.stream.IntStream.range(0, 50).mapToObj(_ -> client.status(patroni.url(), "primary")).toList();
        assertThat(client.status(patroni.url(), "replica").get(90, TimeUnit.SECONDS)).isInstanceOf(PatroniAnswer.Status.class);
        assertThat(hanging).noneMatch(each -> each.isDone());
    }

    // --- login and TLS

    @Test
    void the_login_goes_with_every_request_and_into_no_text() throws Exception {
        var login = new PatroniClient.Login("rest", "s3cret");
        patroni.on("/primary", FakePatroni.says(200, LEADER));
        try (var other = new PatroniClient(PATIENCE, Optional.of(login), Optional.empty())) {
            status(other, patroni.url());
            other.cluster(patroni.url()).get(90, TimeUnit.SECONDS);
        }
        String expected = "Basic " + Base64.getEncoder().encodeToString("rest:s3cret".getBytes(StandardCharsets.UTF_8));
        assertThat(patroni.authorizations).containsExactly(expected, expected);
        assertThat(login.toString()).doesNotContain("s3cret");
        assertThat(status()).isInstanceOf(PatroniAnswer.Status.class);
        assertThat(patroni.authorizations).as("none without one").hasSize(2);
    }

    @Test
    void tls_is_spoken_and_a_certificate_that_nobody_signed_is_refused(@TempDir Path folder) throws Exception {
        KeyStore keys = keys(folder.resolve("keys.p12"));
        try (var secure = new FakePatroni(context(keys).getServerSocketFactory(), "https");
                var trusting = new PatroniClient(PATIENCE, Optional.empty(), Optional.of(context(keys)))) {
            secure.on("/primary", FakePatroni.says(200, LEADER));
            assertThat(trusting.status(secure.url(), "primary").get(90, TimeUnit.SECONDS)).isInstanceOf(PatroniAnswer.Status.class);
            assertThat(failure(status(client, secure.url()))).isEqualTo(PatroniAnswer.Kind.TLS);
        }
    }

    private static KeyStore keys(Path file) throws Exception {
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        Process made = new ProcessBuilder(keytool.toString(), "-genkeypair", "-alias", "patroni", "-keyalg", "EC", "-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1", "-validity", "30",
                "-storetype", "PKCS12", "-keystore", file.toString(), "-storepass", "changeit").redirectErrorStream(true).start();
        String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(made.waitFor()).as(said).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, "changeit".toCharArray());
        }
        return keys;
    }

    private static SSLContext context(KeyStore keys) throws Exception {
        var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, "changeit".toCharArray());
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("patroni", keys.getCertificate("patroni"));
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
