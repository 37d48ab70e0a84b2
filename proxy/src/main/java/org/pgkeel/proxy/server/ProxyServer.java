package org.pgkeel.proxy.server;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.pgkeel.proxy.admin.AdminServer;
import org.pgkeel.proxy.admin.Console;
import org.pgkeel.proxy.admin.ShutdownMode;
import org.pgkeel.proxy.backend.BackendCancel;
import org.pgkeel.proxy.backend.BackendConnector;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.Clusters;
import org.pgkeel.proxy.cluster.Rooms;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.EffectiveConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.listen.Admission;
import org.pgkeel.proxy.listen.Listener;
import org.pgkeel.proxy.listen.Reception;
import org.pgkeel.proxy.login.ClientLogin;
import org.pgkeel.proxy.login.PendingLogins;
import org.pgkeel.proxy.login.RefusedLogins;
import org.pgkeel.proxy.login.UserSecrets;
import org.pgkeel.proxy.relay.LoopBuffers;
import org.pgkeel.proxy.session.BackendOpener;
import org.pgkeel.proxy.session.CancelKeys;
import org.pgkeel.proxy.session.Pools;
import org.pgkeel.proxy.session.SessionContext;
import org.pgkeel.proxy.tls.Expiry;
import org.pgkeel.proxy.tls.ReloadableTls;
import org.pgkeel.proxy.transport.Transport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running proxy. Everything is built here, once, and handed down.
///
/// Threading: started and stopped from one thread; [#reload] from any.
public final class ProxyServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ProxyServer.class);
    private static final Duration TICK = Duration.ofMillis(100);
    private static final Duration CANCEL_PATIENCE = Duration.ofSeconds(5);
    private static final Duration RETIRE_PERIOD = Duration.ofSeconds(1);
    private static final Duration CERTIFICATES_PERIOD = Duration.ofDays(1);
    private static final int HELPER_THREADS = 2;
    private static final int LOGIN_THREADS = 2;
    /// Answers to the proxy's own questions are a row.
    private static final int SIDE_READ_BYTES = 4096;

    private final Transport transport;
    private final EventLoopGroup loops;
    private final EventLoopGroup adminLoop;
    private final EventLoopGroup clusterLoop;
    /// Looks up names, and works on logins to servers.
    private final ExecutorService helper;
    /// Works on logins of clients: a flood of them is not to be in the way of who looks for a primary.
    private final ExecutorService logins;
    private final ReloadableTls tls;
    private final InForce inForce;
    private final Clusters clusters;
    private final Cancels cancels;
    private final OutcomeDesk outcomes;
    private final Pools pools;
    private final Map<EventLoop, SessionContext> contexts = new IdentityHashMap<>();
    private final Map<EventLoop, LoopBuffers> buffers = new IdentityHashMap<>();
    private final Admission admission = new Admission();
    private final PendingLogins pendingLogins = new PendingLogins();
    private final RefusedLogins refusedLogins = new RefusedLogins(System::nanoTime);
    private final Reception reception;
    private final Listener listener;
    private final Optional<AdminServer> admin;
    private final LoopSurvey survey;
    private final Reload reload;
    private final Shutdown shutdown;
    private Optional<ConfigWatch> watch = Optional.empty();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final CompletableFuture<Void> exhausted = new CompletableFuture<>();
    private volatile boolean draining;
    private long retiredNanos = System.nanoTime();

    /// Starts and listens.
    /// @param file   read again for a reload, and watched if `reload.watch = true`
    /// @param loader reads it
    /// @throws IOException      if a port cannot be bound
    /// @throws RuntimeException if a file that the configuration names cannot be used
    public static ProxyServer start(ConfigResult.Loaded loaded, ConfigLoader loader, Path file) throws IOException {
        var server = new ProxyServer(loaded, () -> loader.load(file));
        server.watch = Optional.of(ConfigWatch.start(file, server.inForce::files, () -> server.config().reload().watch(), server::reload));
        return server;
    }

    /// Starts and listens, for a configuration that does not come from a file; a reload applies the same one again.
    /// @throws IOException if a port cannot be bound
    public static ProxyServer start(ProxyConfig config) throws IOException {
        var loaded = new ConfigResult.Loaded(config, new EffectiveConfig(List.of()), Set.of(), List.of());
        return new ProxyServer(loaded, () -> loaded);
    }

    private ProxyServer(ConfigResult.Loaded loaded, Supplier<ConfigResult> source) throws IOException {
        ProxyConfig config = loaded.config();
        this.helper = threads(HELPER_THREADS, "pgkeel-helper-");
        this.logins = threads(LOGIN_THREADS, "pgkeel-login-");
        this.tls = new ReloadableTls(config.listen().tls(), InForce.tlsOfClusters(config), InForce.tlsOfPatroni(config));
        this.inForce = new InForce(loaded, tls, logins, this::cluster);
        this.transport = Transport.choose(config.runtime().transport());
        int threads = eventLoopCount(config, transport);
        this.loops = transport.newGroup(threads, "pgkeel-loop");
        this.adminLoop = transport.newGroup(1, "pgkeel-admin");
        this.clusterLoop = transport.newGroup(1, "pgkeel-cluster");
        this.clusters = new Clusters(config.clusters(), new Rooms(clusterLoop.next(),
                new BackendConnector(transport, helper, _ -> new FixedRecvByteBufAllocator(SIDE_READ_BYTES)), tls::cluster, tls::patroni));
        var connector = new BackendConnector(transport, helper, this::buffersOf);
        var opener = new BackendOpener(connector, tls::cluster, this::buffersOf, loop -> contexts.get(loop).stats(), inForce::config, clusters);
        var cancelKeys = new CancelKeys();
        var eventLoops = eventLoops();
        this.outcomes = new OutcomeDesk(eventLoops);
        this.cancels = new Cancels(new BackendCancel(transport, CANCEL_PATIENCE), clusters, tls::cluster);
        for (int i = 0; i < eventLoops.size(); i++) {
            EventLoop loop = eventLoops.get(i);
            var own = new LoopBuffers(PooledByteBufAllocator.DEFAULT);
            buffers.put(loop, own);
            contexts.put(loop, new SessionContext(i, eventLoops.size(), loop, own, config, cancelKeys, cancels, outcomes));
        }
        this.pools = new Pools(config, eventLoops, clusters, opener);
        outcomes.follow(clusters.all());
        this.survey = new LoopSurvey(contexts());
        var probe = new ClusterProbe(opener);
        this.reload = new Reload(this, source, inForce, probe);
        this.shutdown = new Shutdown(this, survey);
        var operations = new ProxyOperations(this, survey, adminLoop.next(), probe);
        var console = new Console(operations, () -> inForce.config().admin(), Clock.systemUTC());
        this.reception = new Reception(inForce::config, inForce::secrets, eventLoops, contexts::get, pools, cancelKeys, admission, console);
        try {
            this.admin = config.admin().port() < 0 ? Optional.empty() : Optional.of(AdminServer.start(adminLoop, transport.serverChannel(),
                    new InetSocketAddress(config.admin().address(), config.admin().port()), operations, Clock.systemUTC()).toCompletableFuture().join());
            this.listener = Listener.open(config.listen(), transport, loops, this::accepted);
        } catch (Exception unable) {
            stopLoops();
            throw unable instanceof IOException io ? io : new IOException("cannot listen on " + config.admin().address() + ":" + config.admin().port()
                    + " (admin.address, admin.port): " + rootMessage(unable), unable);
        }
        console.startAverages(adminLoop.next());
        Pulse.start(adminLoop.next(), CERTIFICATES_PERIOD, "look at the certificates", inForce::warnOfExpiry);
        for (EventLoop loop : eventLoops) {
            Pulse.start(loop, TICK, "tick", () -> tick(loop));
            Pulse.start(loop, Exhaustion.PERIOD, "look for memory", new Exhaustion(PooledByteBufAllocator.DEFAULT, System::nanoTime, () -> exhausted.complete(null))::look);
        }
        log.info("listening on {}:{}, {} event loop(s)", config.listen().address(), listener.port(), eventLoops.size());
        FileLimit.check(config.limits().clients());
    }

    private static ExecutorService threads(int count, String name) {
        return Executors.newFixedThreadPool(count, Thread.ofPlatform().daemon().name(name, 0).factory());
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) root = root.getCause();
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    private static int eventLoopCount(ProxyConfig config, Transport transport) {
        if (config.runtime().eventLoops() > 0) return config.runtime().eventLoops();
        return transport == Transport.IO_URING ? 1 : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    private Cluster cluster(String name) {
        return clusters.get(name);
    }

    private List<EventLoop> eventLoops() {
        var all = new ArrayList<EventLoop>();
        for (EventExecutor executor : loops) all.add((EventLoop) executor);
        return all;
    }

    private LoopBuffers buffersOf(EventLoop loop) {
        return buffers.get(loop);
    }

    private void accepted(Channel channel) {
        channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
        channel.config().setRecvByteBufAllocator(buffersOf(channel.eventLoop()));
        int high = inForce.config().limits().clientBufferBytes();
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(high / 2, high));
        channel.pipeline().addLast(new ClientLogin(inForce.loginPolicy(), pendingLogins, refusedLogins, reception));
    }

    private void tick(EventLoop loop) {
        long now = System.nanoTime();
        SessionContext context = contexts.get(loop);
        pools.tick(context.index(), now);
        context.tick(now);
        if (context.index() == 0) pools.tick();
        if (context.index() == 0 && now - retiredNanos >= RETIRE_PERIOD.toNanos()) {
            retiredNanos = now;
            pools.retireUnused(now);
        }
    }

    // --- for the operator

    /// The TCP port that clients use.
    public int port() {
        return listener.port();
    }

    /// The HTTP port, -1 if there is none.
    public int adminPort() {
        return admin.map(server -> server.address().getPort()).orElse(-1);
    }

    /// Completes when the console asked for a shutdown; whoever started the server then closes it.
    public CompletableFuture<Void> shutdownAsked() {
        return shutdown.asked();
    }

    /// Completes when there is no memory for anybody, for good; whoever started the server then ends the process.
    public CompletableFuture<Void> exhausted() {
        return exhausted;
    }

    /// Ends the wait of [#close] for transactions, now or later.
    public void hurry() {
        shutdown.hurry();
    }

    void askShutdown(ShutdownMode mode) {
        shutdown.ask(mode);
    }

    /// Cancel requests that servers have not taken yet.
    int cancelsUnderWay() {
        return cancels.underWay();
    }

    /// A shutdown has begun.
    boolean isDraining() {
        return draining;
    }

    void refuseNewClients() {
        draining = true;
        reception.close();
        Thread.ofVirtual().name("pgkeel-listener").start(listener::close);   // it waits, and an event loop must not
    }

    ProxyConfig config() {
        return inForce.config();
    }

    List<Expiry> certificates() {
        return tls.expiries();
    }

    UserSecrets secrets() {
        return inForce.secrets();
    }

    EffectiveConfig effective() {
        return inForce.effective();
    }

    LoopSurvey survey() {
        return survey;
    }

    OutcomeDesk outcomes() {
        return outcomes;
    }

    Clusters clusters() {
        return clusters;
    }

    Pools pools() {
        return pools;
    }

    Admission admission() {
        return admission;
    }

    Reception reception() {
        return reception;
    }

    PendingLogins pendingLogins() {
        return pendingLogins;
    }

    List<SessionContext> contexts() {
        return eventLoops().stream().map(contexts::get).toList();
    }

    /// The same as [#reload], for callers that must not block.
    CompletionStage<List<String>> reloadAsync() {
        return CompletableFuture.supplyAsync(this::reload, helper);
    }

    /// Reads the configuration again and applies it whole, or not at all. The log tells the outcome.
    /// @return what is wrong with it, empty if it is in force now
    public List<String> reload() {
        return reload.run();
    }

    /// Takes no more clients, lets transactions finish for `shutdown.max-wait`, then closes what is left. A SHUTDOWN of the
    /// console says otherwise.
    @Override
    public void close() {
        stop(inForce.config().shutdown().maxWait());
    }

    /// As [#close], with another patience.
    void stop(Duration patience) {
        if (stopped.getAndSet(true)) return;
        watch.ifPresent(ConfigWatch::close);
        refuseNewClients();
        listener.close();
        shutdown.run(patience);
        stopLoops();
        log.info("stopped");
    }

    private void stopLoops() {
        reload.end();
        outcomes.close();
        clusters.close();
        loops.shutdownGracefully(0, 2_000, TimeUnit.MILLISECONDS).syncUninterruptibly();
        adminLoop.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        clusterLoop.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        inForce.close();
        helper.shutdownNow();
        logins.shutdownNow();
        buffers.values().forEach(LoopBuffers::release);
    }
}
