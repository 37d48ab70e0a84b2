package org.pgkeel.proxy.postgres;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.pgkeel.failover.topology.NodeAddress;

/// The REST API of Patroni 4 as far as PgKeel asks it, with a test in the place of the DCS: it says who is leader. One HTTP server for each
/// member, on a port of its own.
///
/// Threading: any.
public final class PatroniStub implements AutoCloseable {
    private final Map<String, NodeAddress> members;
    /// Those that `/cluster` does not name.
    private final Set<String> unnamed = ConcurrentHashMap.newKeySet();
    private final Map<String, HttpServer> servers = new LinkedHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final String scheme;
    private final Optional<String> authorization;
    private volatile Optional<String> leader;
    private volatile int timeline = 1;
    private volatile boolean paused;
    private volatile String tags = "{}";
    private final Map<String, String> tagsOf = new ConcurrentHashMap<>();
    private final Map<String, Optional<String>> views = new ConcurrentHashMap<>();
    private final Set<String> silent = ConcurrentHashMap.newKeySet();
    private final Set<String> withoutMap = ConcurrentHashMap.newKeySet();
    private final Set<String> strange = ConcurrentHashMap.newKeySet();
    private final Set<String> failsafe = ConcurrentHashMap.newKeySet();
    private final Set<String> promoted = ConcurrentHashMap.newKeySet();
    private final Set<String> stopping = ConcurrentHashMap.newKeySet();
    private volatile Optional<Instant> switchover = Optional.empty();
    private volatile Optional<String> synchronous = Optional.empty();
    private volatile Duration mapTakes = Duration.ZERO;
    private volatile String config = "{}";
    private volatile boolean toldConfig;
    private final CountDownLatch closed = new CountDownLatch(1);

    private PatroniStub(Map<String, NodeAddress> members, Optional<HttpsConfigurator> tls, Optional<String> login) {
        this.members = new LinkedHashMap<>(members);
        this.scheme = tls.isPresent() ? "https" : "http";
        this.authorization = login.map(each -> "Basic " + Base64.getEncoder().encodeToString(each.getBytes(StandardCharsets.UTF_8)));
        this.leader = members.keySet().stream().findFirst();
        members.keySet().forEach(name -> servers.put(name, server(name, tls)));
    }

    /// @param members by name; the first is the leader
    public static PatroniStub start(Map<String, NodeAddress> members) {
        return new PatroniStub(members, Optional.empty(), Optional.empty());
    }

    /// @param login `user:password`, asked for every request
    public static PatroniStub startTls(Map<String, NodeAddress> members, SSLContext tls, String login) {
        return new PatroniStub(members, Optional.of(new HttpsConfigurator(tls)), Optional.of(login));
    }

    /// As [#startTls], and as with `verify_client: required` nobody is answered who shows no certificate that `tls` trusts.
    public static PatroniStub startMutualTls(Map<String, NodeAddress> members, SSLContext tls, String login) {
        var asksForCertificate = new HttpsConfigurator(tls) {
            @Override
            public void configure(HttpsParameters connection) {
                SSLParameters parameters = tls.getDefaultSSLParameters();
                parameters.setNeedClientAuth(true);
                connection.setSSLParameters(parameters);
            }
        };
        return new PatroniStub(members, Optional.of(asksForCertificate), Optional.of(login));
    }

    private HttpServer server(String name, Optional<HttpsConfigurator> tls) {
        try {
            var address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
            HttpServer server;
            if (tls.isPresent()) {
                var secure = HttpsServer.create(address, 0);
                secure.setHttpsConfigurator(tls.get());
                server = secure;
            } else {
                server = HttpServer.create(address, 0);
            }
            server.setExecutor(threads);
            server.createContext("/", exchange -> answer(name, exchange));
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Nobody holds the leader key if it is empty.
    public void leader(Optional<String> name) {
        leader = name;
    }

    /// Of the leader and of all that follow it.
    public void timeline(int number) {
        timeline = number;
    }

    public void paused(boolean maintenance) {
        paused = maintenance;
    }

    /// @param json of every member
    public void tags(String json) {
        tags = json;
    }

    /// @param json of this member alone
    public void tags(String name, String json) {
        tagsOf.put(name, json);
    }

    /// Who is a synchronous standby; all other replicas are asynchronous ones.
    public void synchronous(Optional<String> name) {
        synchronous = name;
    }

    /// Whom this member takes for the leader, whatever the others say.
    public void view(String name, Optional<String> itsLeader) {
        views.put(name, itsLeader);
    }

    private static void set(Set<String> names, String name, boolean isIn) {
        if (isIn) names.add(name);
        else names.remove(name);
    }

    /// This member takes connections and does not answer.
    public void silent(String name, boolean hangs) {
        set(silent, name, hangs);
    }

    /// The same of `/cluster` alone, as when the DCS is gone.
    public void silentMap(String name, boolean hangs) {
        set(withoutMap, name, hangs);
    }

    /// Every member answers `/cluster` after this time, as when its DCS is far away.
    public void mapTakes(Duration time) {
        mapTakes = time;
    }

    /// This member answers as some other web server would.
    public void strange(String name, boolean answersHtml) {
        set(strange, name, answersHtml);
    }

    /// This member leads on without its DCS.
    public void failsafe(String name, boolean active) {
        set(failsafe, name, active);
    }

    /// This member's PostgreSQL was promoted by hand: it says that it is a primary, and leads as little as before.
    public void promotedByHand(String name, boolean isPromoted) {
        set(promoted, name, isPromoted);
    }

    /// This member's PostgreSQL is being shut down, as its Patroni says.
    public void stopping(String name, boolean isStopping) {
        set(stopping, name, isStopping);
    }

    /// `/cluster` does not name this member, or does so again.
    public void named(String name, boolean isMember) {
        set(unnamed, name, !isMember);
    }

    public void scheduledSwitchover(Optional<Instant> at) {
        switchover = at;
    }

    /// What `/config` says.
    public void lease(int ttlSeconds, int loopWaitSeconds) {
        config = "{\"ttl\":" + ttlSeconds + ",\"loop_wait\":" + loopWaitSeconds + "}";
    }

    /// Somebody has asked for it.
    public boolean hasToldLease() {
        return toldConfig;
    }

    /// This member's Patroni is gone; others still name it.
    public void stop(String name) {
        servers.get(name).stop(0);
    }

    public URI url(String name) {
        return URI.create(scheme + "://127.0.0.1:" + servers.get(name).getAddress().getPort());
    }

    /// As the configuration lists them.
    public String urls() {
        return servers.keySet().stream().map(name -> "\"" + url(name) + "\"").collect(Collectors.joining(", ", "[", "]"));
    }

    private void answer(String name, HttpExchange exchange) throws IOException {
        try (exchange) {
            if (authorization.isPresent() && !authorization.get().equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                send(exchange, 401, "<html>no</html>");
                return;
            }
            if (strange.contains(name)) {
                send(exchange, 200, "<html><body>It works!</body></html>");
                return;
            }
            String path = exchange.getRequestURI().getPath();
            if (silent.contains(name) || path.equals("/cluster") && withoutMap.contains(name)) {
                hang(Duration.ofDays(1));
                return;
            }
            if (path.equals("/cluster")) hang(mapTakes);
            boolean leads = views.getOrDefault(name, leader).equals(Optional.of(name));
            switch (path) {
                case "/cluster" -> send(exchange, 200, map(name));
                case "/config" -> {
                    send(exchange, 200, config);
                    toldConfig = true;
                }
                case "/history" -> send(exchange, 200, "[]");
                case "/primary" -> send(exchange, leads ? 200 : 503, status(name, leads));
                case "/replica" -> send(exchange, leads || tagsOf(name).contains("noloadbalance") ? 503 : 200, status(name, leads));
                default -> send(exchange, 200, status(name, leads));
            }
        }
    }

    private void hang(Duration time) {
        try {
            closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private String tagsOf(String name) {
        return tagsOf.getOrDefault(name, tags);
    }

    private boolean isSynchronous(String name) {
        return synchronous.equals(Optional.of(name));
    }

    /// As this member sees it.
    private String map(String member) {
        Optional<String> itsLeader = views.getOrDefault(member, leader);
        List<String> all = new ArrayList<>();
        members.forEach((name, node) -> {
            if (!unnamed.contains(name)) all.add("""
                {"name":"%s","role":"%s","state":"running","api_url":"%s/patroni","host":"%s","port":%d,"timeline":%d,"tags":%s}"""
                .formatted(name, itsLeader.equals(Optional.of(name)) ? "leader" : isSynchronous(name) ? "sync_standby" : "replica", url(name), node.host(), node.port(), timeline, tagsOf(name)));
        });
        String planned = switchover.map(at -> ",\"scheduled_switchover\":{\"at\":\"" + at + "\",\"from\":\"" + itsLeader.orElse("") + "\"}").orElse("");
        return "{\"members\":[" + String.join(",", all) + "],\"scope\":\"stub\"" + (paused ? ",\"pause\":true" : "") + planned + "}";
    }

    private String status(String name, boolean leads) {
        String marks = (paused ? "\"pause\":true," : "") + (!leads && isSynchronous(name) ? "\"sync_standby\":true," : "")
                + (failsafe.contains(name) ? "\"cluster_unlocked\":true,\"failsafe_mode_is_active\":true," : "");
        return """
                {"state":"%s","role":"%s","timeline":%d,"tags":%s,%s"patroni":{"version":"4.0.7","scope":"stub","name":"%s"}}"""
                .formatted(stopping.contains(name) ? "stopping" : "running", leads || promoted.contains(name) ? "primary" : "replica", timeline, tagsOf(name), marks, name);
    }

    private static void send(HttpExchange exchange, int code, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        closed.countDown();
        servers.values().forEach(server -> server.stop(0));
        threads.shutdownNow();
    }
}
