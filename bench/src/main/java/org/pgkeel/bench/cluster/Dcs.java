package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The store that Patroni keeps its leader lock in: one process, etcd or ZooKeeper, that can be stopped, killed and started again.
///
/// ZooKeeper is a JVM of its own: the Netty that comes with it must not meet ours.
///
/// Threading: shared, guarded by itself.
public final class Dcs implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(5);
    private static final int ZOOKEEPER_TICK_MS = 250;

    private final ClusterOptions.DcsKind kind;
    private final InetSocketAddress address;
    private final List<String> command;
    private final Path log;
    private Optional<Process> process = Optional.empty();

    private Dcs(ClusterOptions.DcsKind kind, InetSocketAddress address, List<String> command, Path log) {
        this.kind = kind;
        this.address = address;
        this.command = command;
        this.log = log;
    }

    static Dcs start(ClusterOptions.DcsKind kind, WorkFolder work) throws IOException {
        Path folder = work.folder("dcs");
        int port = Processes.freePort();
        List<String> command = switch (kind) {
            case ETCD -> etcd(folder, port);
            case ZOOKEEPER -> zooKeeper(folder, port);
        };
        var dcs = new Dcs(kind, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), command, folder.resolve("log"));
        dcs.start();
        return dcs;
    }

    public ClusterOptions.DcsKind kind() {
        return kind;
    }

    /// Where it listens; the nodes reach it through fault proxies.
    public InetSocketAddress address() {
        return address;
    }

    public Path log() {
        return log;
    }

    /// @throws IllegalStateException if it does not run
    public synchronized long pid() {
        return process.filter(Process::isAlive).orElseThrow(() -> new IllegalStateException(kind + " does not run")).pid();
    }

    /// SIGSTOP: connections are accepted and not answered.
    public void suspend() throws IOException {
        ProcessTable.signal("STOP", List.of(pid()));
    }

    public void resume() throws IOException {
        ProcessTable.signal("CONT", List.of(pid()));
    }

    /// kill -9.
    public synchronized void kill() throws IOException {
        if (process.isPresent()) ProcessTable.kill(List.of(process.get().pid()), KILL_LIMIT);
        process = Optional.empty();
    }

    /// Starts it, on the data that it left; nothing happens if it runs.
    public synchronized void start() throws IOException {
        if (process.filter(Process::isAlive).isPresent()) return;
        Process started = Processes.start(log, Map.of(), command);
        process = Optional.of(started);
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (!answers()) {
            if (!started.isAlive()) throw new IOException(kind + " ended with " + started.exitValue() + ":\n" + Processes.tail(log));
            if (System.nanoTime() > deadline) throw new IOException(kind + " did not answer within " + START_LIMIT + ":\n" + Processes.tail(log));
            Processes.pause(Duration.ofMillis(20));
        }
    }

    /// What goes into a node's Patroni configuration.
    ///
    /// @param through what the node reaches it by
    String patroniSection(InetSocketAddress through) {
        String hostAndPort = through.getAddress().getHostAddress() + ":" + through.getPort();
        return switch (kind) {
            // use_proxies: or else Patroni asks etcd for its own address and goes round the fault proxy.
            case ETCD -> "etcd3: {hosts: '" + hostAndPort + "', use_proxies: true}";
            case ZOOKEEPER -> "zookeeper: {hosts: ['" + hostAndPort + "']}";
        };
    }

    private static List<String> etcd(Path folder, int port) throws IOException {
        String client = "http://127.0.0.1:" + port;
        String peer = "http://127.0.0.1:" + Processes.freePort();
        return List.of("/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "etcd", "--name", "dcs", "--data-dir", folder.resolve("data").toString(),
                "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", "dcs=" + peer, "--logger", "zap", "--log-level", "warn");
    }

    private static List<String> zooKeeper(Path folder, int port) throws IOException {
        Path jars = zooKeeperJars();
        Path configuration = folder.resolve("zoo.cfg");
        Files.writeString(configuration, """
                tickTime=%d
                dataDir=%s/data
                clientPort=%d
                clientPortAddress=127.0.0.1
                admin.enableServer=false
                maxClientCnxns=0
                4lw.commands.whitelist=ruok
                """.formatted(ZOOKEEPER_TICK_MS, folder, port));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return List.of("/usr/bin/env", "-i", java, "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dzookeeper.forceSync=no",
                "-cp", jars + "/*", "org.apache.zookeeper.server.ZooKeeperServerMain", configuration.toString());
    }

    /// The build lays ZooKeeper's jars beside the bench's classes, off every class path.
    private static Path zooKeeperJars() throws IOException {
        Path classes = Path.of(Dcs.class.getProtectionDomain().getCodeSource().getLocation().getPath());
        Path jars = classes.resolveSibling("zookeeper");
        if (!Files.isDirectory(jars)) throw new IOException("no " + jars + ": mvn -pl bench -am process-resources lays ZooKeeper's jars there");
        try (Stream<Path> found = Files.list(jars)) {
            if (found.map(Path::toString).noneMatch(name -> name.contains("zookeeper"))) throw new IOException("no ZooKeeper in " + jars);
        }
        return jars;
    }

    /// A health check each: a port that is open is not yet a server that works.
    private boolean answers() {
        try (var socket = new Socket()) {
            socket.connect(address, 500);
            socket.setSoTimeout(500);
            String question = switch (kind) {
                case ETCD -> "GET /health HTTP/1.0\r\n\r\n";
                case ZOOKEEPER -> "ruok";
            };
            socket.getOutputStream().write(question.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return switch (kind) {
                case ETCD -> answer.lines().collect(Collectors.joining()).contains("\"health\":\"true\"");
                case ZOOKEEPER -> answer.startsWith("imok");
            };
        } catch (IOException notYet) {
            return false;
        }
    }

    @Override
    public synchronized void close() {
        try {
            kill();
        } catch (IOException e) {
            System.err.println("while stopping " + kind + ": " + e.getMessage());
        }
    }
}
