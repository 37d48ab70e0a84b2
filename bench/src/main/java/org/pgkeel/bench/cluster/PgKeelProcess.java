package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.pgkeel.bench.client.Login;

/// One PgKeel in front of a cluster, started by its own launcher, which can be killed and started again on the same ports.
///
/// Threading: shared, guarded by itself.
public final class PgKeelProcess implements AutoCloseable {
    /// Of a configuration: the rules that the documentation begins with.
    public static final String READS_ON_REPLICAS = """
            routing = [ { name = reads, when { statement = read }, to = replica, max-lag = 5s, consistency = session, or-else = primary }, { name = rest, to = primary } ]
            """;

    private static final Duration KILL_LIMIT = Duration.ofSeconds(5);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    private static final Duration QUESTION_LIMIT = Duration.ofSeconds(5);

    /// Where it is.
    ///
    /// @param folder its own, for its configuration, users and log
    public record Place(String name, int port, int adminPort, Path folder) {}

    private final Place place;
    private final List<String> program;
    private Optional<Process> process = Optional.empty();

    private PgKeelProcess(Place place, List<String> program) {
        this.place = place;
        this.program = List.copyOf(program);
    }

    /// @param name          of its folder in `work`; unique there
    /// @param program       the command before `run`: the launcher, `proxy/bin/pgkeel`, or a JVM with PgKeel's main class
    /// @param configuration the text of its `proxy.conf`, such as [#inFrontOf] gives
    /// @return at once; it may not listen yet, see [#awaitFirstQuery]
    public static PgKeelProcess start(String name, List<String> program, WorkFolder work, Function<Place, String> configuration) throws IOException {
        var place = new Place(name, Processes.freePort(), Processes.freePort(), work.folder(name));
        Login login = PatroniCluster.APPLICATION;
        Files.writeString(place.folder.resolve("users.txt"), "\"%s\" \"%s\"\n".formatted(login.user(), login.password()));
        Files.writeString(place.folder.resolve("proxy.conf"), configuration.apply(place));
        var proxy = new PgKeelProcess(place, program);
        proxy.start();
        return proxy;
    }

    /// A configuration for a cluster; `users.txt`, which knows the application's user, is beside it.
    ///
    /// @param more added at the end, where it overrides what is above; may be empty
    public static Function<Place, String> inFrontOf(PatroniCluster cluster, String more) {
        return inFrontOf(cluster.memberUrls(), more);
    }

    static Function<Place, String> inFrontOf(List<URI> memberUrls, String more) {
        Login monitor = PatroniCluster.MONITOR;
        String members = memberUrls.stream().map(url -> "\"" + url + "\"").collect(Collectors.joining(", "));
        return place -> """
                listen    { address = "127.0.0.1", port = %d }
                admin     { address = "127.0.0.1", port = %d, users = [%s] }
                clusters  { main { patroni { members = [%s] }, monitor { user = %s, password = "%s" }, hold.max-wait = 3m } }
                databases { "*" { cluster = main, pool { mode = transaction, max = 20, max-wait = 3m } } }
                auth      { method = scram-sha-256, users-file = "users.txt" }
                %s
                """.formatted(place.port, place.adminPort, PatroniCluster.APPLICATION.user(), members, monitor.user(), monitor.password(), more);
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), place.port);
    }

    public Path log() {
        return place.folder.resolve("log");
    }

    public Path configuration() {
        return place.folder.resolve("proxy.conf");
    }

    /// Empty if it does not run.
    public synchronized OptionalLong pid() {
        return process.filter(Process::isAlive).map(running -> OptionalLong.of(running.pid())).orElseGet(OptionalLong::empty);
    }

    /// Starts it; nothing happens if it runs.
    ///
    /// @return at once
    public synchronized void start() throws IOException {
        if (process.filter(Process::isAlive).isPresent()) return;
        var command = new ArrayList<>(program);
        command.addAll(List.of("run", "--config", configuration().toString()));
        process = Optional.of(Processes.start(log(), Map.of(), command));
    }

    /// kill -9. Returns when it is gone.
    public synchronized void kill() throws IOException {
        if (process.isPresent()) ProcessTable.kill(ProcessTable.tree(process.get().pid()), KILL_LIMIT);
        process = Optional.empty();
    }

    /// Waits until it answers `select 1` of the application.
    ///
    /// @throws IOException if it does not within the limit, or has ended; the message holds the end of its log
    public void awaitFirstQuery(Duration limit) throws IOException {
        Process running;
        synchronized (this) {
            running = process.orElseThrow(() -> new IllegalStateException(place.name + " does not run"));
        }
        new RunningProxy(place.name, "", place.port, running, Target.Code.JVM, log()).awaitFirstQuery(PatroniCluster.APPLICATION, limit);
    }

    /// What its admin port says at `/metrics`, in Prometheus's text format.
    public String metrics() throws IOException {
        URI where = URI.create("http://127.0.0.1:" + place.adminPort + "/metrics");
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> response = http.send(HttpRequest.newBuilder(where).timeout(QUESTION_LIMIT).build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) throw new IOException(where + ": " + response.statusCode() + " " + response.body());
            return response.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public String toString() {
        return place.name;
    }

    @Override
    public synchronized void close() {
        process.ifPresent(running -> Processes.stop(running, STOP_LIMIT));
        process = Optional.empty();
    }
}
