package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;

/// The HTTP port over real sockets.
class AdminServerTest {
    private final FakeOperations operations = new FakeOperations();
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final AdminServer server = AdminServer.start(group, NioServerSocketChannel.class,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), operations,
            Clock.fixed(FakeOperations.STARTED.plus(Duration.ofHours(50)), ZoneOffset.UTC)).toCompletableFuture().join();
    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach void stop() {
        http.close();
        server.close().toCompletableFuture().join();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test void metrics_hold_pools_histograms_and_reasons_with_units_at_the_end_of_their_names() throws Exception {
        var page = get("/metrics");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("content-type")).contains("text/plain; version=0.0.4; charset=utf-8");
        assertThat(page.body().lines()).contains(
                "pgkeel_info{version=\"0.1.0\"} 1",
                "pgkeel_snapshot_available 1.0",
                "pgkeel_clients_limit 10000.0",
                "pgkeel_certificate_expiry_seconds{key=\"listen.tls.cert\"} 259200.0",
                "pgkeel_pool_clients_waiting{database=\"app\",user=\"alice\"} 12.0",
                "pgkeel_backend_connections{database=\"app\",state=\"idle\",user=\"alice\"} 24.0",
                "pgkeel_pool_longest_wait_seconds{database=\"app\",user=\"alice\"} 3.000004",
                "pgkeel_pool_pinned_connections{database=\"app\",reason=\"listen\",user=\"alice\"} 3.0",
                "pgkeel_query_seconds_bucket{database=\"app\",user=\"alice\",le=\"4.0E-4\"} 1",
                "pgkeel_query_seconds_bucket{database=\"app\",user=\"alice\",le=\"8.0E-4\"} 2",
                "pgkeel_query_seconds_bucket{database=\"app\",user=\"alice\",le=\"60.0\"} 2",
                "pgkeel_query_seconds_bucket{database=\"app\",user=\"alice\",le=\"+Inf\"} 2",
                "pgkeel_query_seconds_count{database=\"app\",user=\"alice\"} 2",
                "pgkeel_query_seconds_sum{database=\"app\",user=\"alice\"} 0.001",
                "pgkeel_client_wait_seconds_count{database=\"app\",user=\"alice\"} 1",
                "pgkeel_transaction_seconds_count{database=\"app\",user=\"bob\"} 1",
                "pgkeel_client_received_bytes_total{database=\"app\",user=\"alice\"} 1000.0",
                "pgkeel_logins_total{outcome=\"bad_password\"} 1.0",
                "pgkeel_refusals_total{reason=\"pool_wait\"} 1.0",
                "pgkeel_pins_total{reason=\"listen\"} 1.0",
                "pgkeel_cluster_primary{cluster=\"main\",node=\"n1\"} 1.0",
                "pgkeel_cluster_primary{cluster=\"main\",node=\"n2\"} 0.0",
                "pgkeel_cluster_up{cluster=\"main\",node=\"n3\"} 0.0",
                "pgkeel_cluster_timeline{cluster=\"main\",node=\"n2\"} 3.0",
                "pgkeel_cluster_lag_bytes{cluster=\"main\",node=\"n2\"} 4096.0",
                "pgkeel_cluster_lag_seconds{cluster=\"main\",node=\"n2\"} 1.5",
                "pgkeel_cluster_reign_changes_total{cluster=\"main\"} 6.0",
                "pgkeel_cluster_alarms{alarm=\"two_primaries\",cluster=\"main\"} 1.0",
                "pgkeel_cluster_doubts_total{cluster=\"main\",reason=\"connection_lost\"} 9.0",
                "pgkeel_cluster_losses_total{cluster=\"main\",reason=\"deposed\"} 2.0",
                "pgkeel_cluster_poll_errors_total{cluster=\"main\",node=\"n3\",reason=\"unreachable\",source=\"patroni\"} 11.0",
                "pgkeel_hold_state{cluster=\"main\",database=\"\",state=\"holding\"} 1.0",
                "pgkeel_hold_state{cluster=\"main\",database=\"\",state=\"open\"} 0.0",
                "pgkeel_hold_clients_waiting{cluster=\"main\",database=\"\"} 3.0",
                "pgkeel_hold_clients_held_total{cluster=\"main\",database=\"\"} 20.0",
                "pgkeel_hold_seconds_count{cluster=\"main\",database=\"\"} 1",
                "pgkeel_hold_seconds_sum{cluster=\"main\",database=\"\"} 3.0");
        assertThat(page.body()).doesNotContain("pgkeel_cluster_lag_bytes{cluster=\"main\",node=\"n3\"");
        assertThat(page.body()).contains("jvm_memory_used_bytes").contains("process_uptime_seconds").contains("process_files_open_files");
    }

    @Test void metrics_can_be_scraped_twice_and_as_openmetrics() throws Exception {
        get("/metrics");
        var page = send(request("/metrics").header("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"));
        assertThat(page.headers().firstValue("content-type").orElseThrow()).startsWith("application/openmetrics-text");
        assertThat(page.body()).endsWith("# EOF\n");
    }

    @Test void series_are_bounded_however_many_pools_there_are() throws Exception {
        int pools = PrometheusSeries.POOLS_MAX + 700;
        operations.pools = CompletableFuture.completedFuture(
                IntStream.range(0, pools).mapToObj(user -> FakeOperations.pool("app", "user" + user)).toList());
        var waiting = get("/metrics").body().lines().filter(line -> line.startsWith("pgkeel_pool_clients_waiting{")).toList();
        assertThat(waiting).hasSize(PrometheusSeries.POOLS_MAX + 1)
                .contains("pgkeel_pool_clients_waiting{database=\"(rest)\",user=\"(rest)\"} " + 700 * 12 + ".0");
    }

    @Test void series_are_bounded_however_many_tables_share_commits() throws Exception {
        operations.tables = IntStream.range(0, PrometheusSeries.TABLES_MAX + 70).mapToObj(day -> CoalesceSnapshot.empty("public.events_" + day)).toList();
        var batches = get("/metrics").body().lines().filter(line -> line.startsWith("pgkeel_coalesce_batches_total{")).toList();
        assertThat(batches).hasSize(PrometheusSeries.TABLES_MAX + 1).contains("pgkeel_coalesce_batches_total{table=\"(rest)\"} 0.0");
    }

    @Test void metrics_without_an_answer_of_the_event_loops_still_show_the_process() throws Exception {
        operations.pools = new CompletableFuture<>();
        var page = get("/metrics");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("pgkeel_snapshot_available 0.0").contains("jvm_memory_used_bytes").doesNotContain("pgkeel_pool_");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/metrics", "/status"})
    void pages_are_not_made_by_the_event_loop_that_answered_last(String path) throws Exception {
        var makers = ConcurrentHashMap.<Thread>newKeySet();
        var pools = new CompletableFuture<List<PoolSnapshot>>();
        operations.pools = pools;
        var page = http.sendAsync(request(path).build(), HttpResponse.BodyHandlers.ofString());
        await().until(() -> pools.getNumberOfDependents() > 0);
        Thread relaying = Thread.ofPlatform().start(() -> pools.complete(new AbstractList<>() {
            @Override public PoolSnapshot get(int index) {
                makers.add(Thread.currentThread());
                return FakeOperations.pool("app", "alice");
            }

            @Override public int size() {
                return 1;
            }
        }));
        assertThat(page.join().body()).contains("alice");
        assertThat(makers).isNotEmpty().doesNotContain(relaying);
    }

    @Test void metrics_that_cannot_be_shown_are_an_error_and_not_a_wait() throws Exception {
        operations.pools = CompletableFuture.completedFuture(List.of(FakeOperations.pool("app", "alice"), FakeOperations.pool("app", "alice")));
        assertThat(get("/metrics").statusCode()).isEqualTo(503);
        operations.pools = CompletableFuture.completedFuture(List.of(FakeOperations.pool("app", "alice")));
        assertThat(get("/metrics").statusCode()).isEqualTo(200);
    }

    @Test void live_while_the_event_loops_answer() throws Exception {
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        operations.loops = new CompletableFuture<>();
        assertThat(get("/health/live").statusCode()).isEqualTo(503);
    }

    @Test void not_ready_says_why() throws Exception {
        assertThat(get("/health/ready").body()).isEqualTo("ready\n");
        operations.readiness = CompletableFuture.completedFuture(new Readiness.NotReady(List.of("draining", "cluster main: no backend reached")));
        var page = get("/health/ready");
        assertThat(page.statusCode()).isEqualTo(503);
        assertThat(page.body()).isEqualTo("draining\ncluster main: no backend reached\n");
        operations.readiness = CompletableFuture.failedFuture(new IllegalStateException("secret detail"));
        assertThat(get("/health/ready").body()).doesNotContain("secret detail");
    }

    @Test void the_status_page_escapes_names_and_needs_nothing_else() throws Exception {
        var page = get("/status?refresh=1");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("content-security-policy").orElseThrow()).startsWith("default-src 'none'");
        assertThat(page.body()).contains("PgKeel 0.1.0").contains("up 2 d 2 h").contains("two_primaries: 2 servers take writes")
                .contains("10.0.0.3:5432").contains("4096 B").contains("the primary is doubted: connection_lost").contains("zone=&lt;script&gt;").contains("&lt;script&gt;&quot;&#39;&amp;").doesNotContain("<script>")
                .doesNotContain("http://").doesNotContain("https://");
    }

    @Test void head_has_the_length_and_no_body() throws Exception {
        var page = send(request("/health/live").method("HEAD", HttpRequest.BodyPublishers.noBody()));
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValueAsLong("content-length")).hasValue(5);
        assertThat(page.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS"})
    void other_methods_are_refused(String method) throws Exception {
        var page = send(request("/metrics").method(method, HttpRequest.BodyPublishers.noBody()));
        assertThat(page.statusCode()).isEqualTo(405);
        assertThat(page.headers().firstValue("allow")).contains("GET, HEAD");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/metrics/", "/etc/passwd", "/health"})
    void other_paths_are_not_found(String path) throws Exception {
        assertThat(get(path).statusCode()).isEqualTo(404);
    }

    @Test void a_connection_is_kept_and_pipelined_requests_are_answered_in_order() throws Exception {
        String answers = raw("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
                + "GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(answers.lines().filter(line -> line.startsWith("HTTP/1.1"))).containsExactly(
                "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK");
        assertThat(answers).endsWith("ready\n");
    }

    @Test void what_is_too_long_or_malformed_is_refused_and_closed() throws Exception {
        assertThat(raw("GET /" + "a".repeat(10_000) + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 414");
        assertThat(raw("GET / HTTP/1.1\r\nX: " + "a".repeat(10_000) + "\r\n\r\n")).startsWith("HTTP/1.1 400");
        assertThat(raw("GET / HTTP/1.1\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\n")).startsWith("HTTP/1.1 413");
        assertThat(raw("\u0001\u0002 garbage\r\n\r\n")).startsWith("HTTP/1.1 400");
    }

    @Test void connections_are_bounded() throws Exception {
        var open = new ArrayList<Socket>();
        try {
            for (int i = 0; i < AdminServer.CONNECTIONS_MAX; i++) {
                var socket = new Socket(server.address().getAddress(), server.address().getPort());
                socket.getOutputStream().write("GET /health/live HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(socket.getInputStream().read()).isEqualTo('H');
                open.add(socket);
            }
            try (var oneTooMany = new Socket(server.address().getAddress(), server.address().getPort())) {
                assertThat(oneTooMany.getInputStream().read()).isEqualTo(-1);
            }
        } finally {
            for (var socket : open) socket.close();
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.address().getPort() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /// Everything the server sends until it closes.
    private String raw(String request) throws IOException {
        try (var socket = new Socket(server.address().getAddress(), server.address().getPort())) {
            socket.setSoTimeout(90_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
