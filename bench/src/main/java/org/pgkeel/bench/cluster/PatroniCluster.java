package org.pgkeel.bench.cluster;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.link.ListeningSockets;

/// A real cluster on loopback addresses: PostgreSQL nodes under Patroni, with a DCS, each as processes that are started and ended here.
///
/// ```
/// try (PatroniCluster cluster = PatroniCluster.start(ClusterOptions.of(DcsKind.ZOOKEEPER, Replication.SYNCHRONOUS))) {
///     cluster.awaitHealthy(Duration.ofSeconds(60));
///     ... proxy.conf: patroni { members = cluster.memberUrls() } ...
/// }
/// ```
/// Nothing of it outlives [#close], nor the JVM if that ends by Ctrl-C or an exception.
///
/// Threading: shared.
public final class PatroniCluster implements AutoCloseable {
    public static final Login SUPERUSER = new Login("postgres", "super-secret", "postgres");
    /// Owns the database `app`; not a superuser.
    public static final Login APPLICATION = new Login("app", "app-secret", "app");
    /// What PgKeel asks PostgreSQL with: member of pg_monitor.
    public static final Login MONITOR = new Login("pgkeel", "pgkeel-secret", "postgres");
    static final Login REPLICATION = new Login("replicator", "replicator-secret", "");
    static final Login REWIND = new Login("rewinder", "rewinder-secret", "postgres");

    private static final Path BIN = Path.of("/usr/lib/postgresql/15/bin");
    private static final long FOLLOW_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long ROOM_BYTES_MIN = 4L << 30;

    private final PatroniProgram program;
    private final Dcs dcs;
    private final List<PatroniNode> nodes;
    private final ClusterState state;
    private final Cleanup cleanup;

    private PatroniCluster(ClusterOptions options, PatroniProgram program, Dcs dcs, List<PatroniNode> nodes, Cleanup cleanup) {
        this.program = program;
        this.dcs = dcs;
        this.nodes = List.copyOf(nodes);
        this.cleanup = cleanup;
        state = cleanup.add(new ClusterState(options, this.nodes));
    }

    /// Starts the processes of a new, empty cluster.
    ///
    /// @return before it is healthy, see [#awaitHealthy]
    /// @throws IOException if a program is missing or does not start; then nothing is left running
    public static PatroniCluster start(ClusterOptions options) throws IOException {
        if (!Files.isExecutable(BIN.resolve("postgres"))) throw new IOException("no " + BIN + "/postgres: apt-get install postgresql-15");
        var cleanup = new Cleanup();
        try {
            WorkFolder work = cleanup.add(WorkFolder.in(roomyFolder()));
            PatroniProgram program = PatroniProgram.find(work);
            var unprivileged = new Unprivileged();
            EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
            cleanup.add(() -> loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
            Dcs dcs = cleanup.add(Dcs.start(options.dcs(), work));
            List<String> hosts = IntStream.rangeClosed(1, options.nodes()).mapToObj(n -> "127.0.1." + n).toList();
            NodePorts ports = NodePorts.choose(hosts);
            var nodes = new ArrayList<PatroniNode>();
            for (String host : hosts) {
                String name = "n" + (nodes.size() + 1);
                Path folder = work.folder(name);
                if (Sandbox.missing().isEmpty()) {
                    Sandbox.mount(folder);
                    cleanup.add(() -> Sandbox.unmount(folder));
                }
                var configuration = new PatroniConfiguration(name, host, ports, folder, BIN, options, dcs.patroniSection(new InetSocketAddress(host, ports.dcsLink())));
                nodes.add(cleanup.add(new PatroniNode(configuration, program, unprivileged, dcs.address(), loop)));
            }
            var cluster = new PatroniCluster(options, program, dcs, nodes, cleanup);
            Thread follower = Thread.ofPlatform().daemon().name("links-follow").start(() -> follow(nodes));
            cleanup.add(() -> {
                follower.interrupt();
                follower.join();
            });
            for (PatroniNode node : nodes) node.start();
            return cluster;
        } catch (IOException | RuntimeException e) {
            cleanup.close();
            throw e;
        }
    }

    /// For a report's head: `patroni 4.0.7`.
    public String patroniVersion() {
        return program.version();
    }

    public List<PatroniNode> nodes() {
        return nodes;
    }

    /// @throws IllegalArgumentException if there is none of this name
    public PatroniNode node(String name) {
        return nodes.stream().filter(node -> node.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException("no node " + name));
    }

    public Dcs dcs() {
        return dcs;
    }

    /// What belongs into `patroni.members` of `proxy.conf`: the members' REST through the fault proxies.
    public List<URI> memberUrls() {
        return nodes.stream().map(PatroniNode::rest).toList();
    }

    /// The node that PostgreSQL itself says is primary; of two the one on the higher timeline. Asks past the fault proxies.
    public Optional<PatroniNode> leader() {
        return state.leader();
    }

    /// @throws IOException if there is none within the limit
    public PatroniNode awaitLeader(Duration limit) throws IOException {
        return state.awaitLeader(_ -> true, limit);
    }

    /// Waits for a primary that is not this one.
    ///
    /// @throws IOException if there is none within the limit
    public PatroniNode awaitOtherLeader(PatroniNode old, Duration limit) throws IOException {
        return state.awaitLeader(node -> node != old, limit);
    }

    /// Waits until one node is primary and all others stream from it, and in synchronous mode a synchronous standby is named.
    ///
    /// @throws IOException if that is not so within the limit; its message says what each node says
    public void awaitHealthy(Duration limit) throws IOException {
        state.awaitHealthy(limit, _ -> { });
    }

    /// As [#awaitHealthy], and lets Patroni copy a replica anew that has been left behind: it would never be well again.
    ///
    /// @param patience how long a replica may not stream from a primary that is well
    /// @param did      is told what was done, in words
    public void makeHealthy(Duration limit, Duration patience, Consumer<String> did) throws IOException {
        var leftBehind = new LeftBehind(patience);
        state.awaitHealthy(limit, said -> leftBehind.next(said, System.nanoTime()).forEach(name -> did.accept(reinitialise(node(name)))));
    }

    /// @return what became of it: Patroni may refuse, for example while it does something else
    private static String reinitialise(PatroniNode node) {
        try {
            PatroniRest.post(node, "/reinitialize", "{\"force\": true}");
            return node.name() + " reinitialised";
        } catch (IOException refused) {
            return node.name() + " not reinitialised: " + refused.getMessage();
        }
    }

    /// The timeline of the primary that [#leader] means; empty if there is none.
    public OptionalLong timeline() {
        return state.timeline();
    }

    /// Waits for a primary on a higher timeline than this: a promotion has happened since, of another node or of the same one.
    ///
    /// @return the first that is found; empty if there is none within the limit
    public Optional<PatroniNode> awaitPromotion(long timelineBefore, Duration limit) {
        return state.awaitPromotion(timelineBefore, limit);
    }

    /// Asks Patroni to restart a node's PostgreSQL in its place.
    ///
    /// @return when it has
    /// @throws IOException if Patroni refuses or fails
    public void restart(PatroniNode node) throws IOException {
        PatroniRest.post(node, "/restart", "{}");
    }

    /// Asks Patroni for a switchover to whichever replica it likes.
    ///
    /// @return when Patroni answers, which is about when it has happened
    /// @throws IOException if Patroni refuses; its answer is the message
    public void switchover() throws IOException {
        PatroniRest.post(requireLeader(), "/switchover", "{\"leader\": \"" + requireLeader().name() + "\"}");
    }

    /// Asks Patroni for a switchover at a later time, which everybody can then read in `/cluster`.
    ///
    /// @return when it is noted
    public void scheduledSwitchover(Instant at) throws IOException {
        PatroniRest.post(requireLeader(), "/switchover", "{\"leader\": \"" + requireLeader().name() + "\", \"scheduled_at\": \"" + at + "\"}");
    }

    /// What every node says of itself, with the last lines of each log: for the message of a failure.
    public String describe() {
        return state.describe() + Stream.concat(nodes.stream().map(PatroniNode::log), Stream.of(dcs.log()))
                .map(log -> log + ":\n" + Processes.tail(log)).collect(Collectors.joining("\n", "\n", "\n"));
    }

    @Override
    public void close() {
        cleanup.close();
    }

    private PatroniNode requireLeader() throws IOException {
        return leader().orElseThrow(() -> new IOException("no primary:\n" + state.describe()));
    }

    /// Until interrupted.
    private static void follow(List<PatroniNode> nodes) {
        while (!Thread.interrupted()) {
            ListeningSockets now = ListeningSockets.now();
            for (PatroniNode node : nodes) node.follow(now);
            LockSupport.parkNanos(FOLLOW_EVERY_NANOS);
        }
    }

    /// A tmpfs if it has room, because a slow disk makes Patroni's calls run out of time; else the folder for temporary files.
    private static Path roomyFolder() throws IOException {
        Path memory = Path.of("/dev/shm");
        boolean roomy = Files.isWritable(memory) && Files.getFileStore(memory).getUsableSpace() >= ROOM_BYTES_MIN;
        return roomy ? memory : Path.of(System.getProperty("java.io.tmpdir"));
    }
}
