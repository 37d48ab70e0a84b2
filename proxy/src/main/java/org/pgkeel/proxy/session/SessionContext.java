package org.pgkeel.proxy.session;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.Outcomes;
import org.pgkeel.proxy.census.InsertCensus;
import org.pgkeel.proxy.coalesce.Coalescer;
import org.pgkeel.proxy.coalesce.HomeLoop;
import org.pgkeel.proxy.coalesce.Place;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.RoutingConfig;
import org.pgkeel.proxy.observe.Complaints;
import org.pgkeel.proxy.observe.LoopStats;
import org.pgkeel.proxy.pool.PoolKey;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.LoopBuffers;
import org.pgkeel.proxy.route.RouteHits;
import org.pgkeel.proxy.route.RoutingTable;
import org.pgkeel.proxy.settings.SettingsInterner;
import org.pgkeel.proxy.statement.ClassCache;

/// What all sessions of one event loop share.
///
/// Threading: confined to its event loop, but for the configuration, which is replaced from outside.
public final class SessionContext {
    private static final int SETTINGS_REMEMBERED = 4096;
    private static final int SHORTAGES_TOLD_PER_MINUTE = 10;
    private static final long STALL_LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final int index;
    private final EventLoop loop;
    private final LoopBuffers buffers;
    private final StatementCache statements;
    private final SettingsInterner settings = new SettingsInterner(SETTINGS_REMEMBERED);
    private final LoopStats stats = new LoopStats();
    private final Complaints shortages = new Complaints(SHORTAGES_TOLD_PER_MINUTE);
    private final CancelKeys cancelKeys;
    private final BackendCanceller canceller;
    private final ClassCache classes;
    private final Outcomes outcomes;
    private final List<ClientSession> sessions = new ArrayList<>();
    private long lookedNanos = System.nanoTime();
    private final Nodes nodes = new Nodes();
    private final Coalescer coalescer;
    private final InsertCensus inserts;
    private final Map<DatabasePool, Place> places = new HashMap<>();
    private volatile boolean coalesces;
    private volatile ProxyConfig config;
    private volatile @Nullable RouteRules rules;
    private boolean draining;

    /// @param index of the event loop: its slice of every pool
    /// @param loops how many event loops share what is bounded for all of them
    public SessionContext(int index, int loops, EventLoop loop, LoopBuffers buffers, ProxyConfig config, CancelKeys cancelKeys, BackendCanceller canceller, Outcomes outcomes) {
        this.index = index;
        this.loop = loop;
        this.buffers = buffers;
        this.config = config;
        this.cancelKeys = cancelKeys;
        this.canceller = canceller;
        this.statements = new StatementCache(() -> this.config.prepared().cacheBytes() / loops);
        this.classes = new ClassCache(() -> this.config.catalogue().classCacheBytes(), () -> this.config.prepared().statementBytes());
        this.outcomes = outcomes;
        this.rules = rulesOf(config, null);
        this.coalescer = new Coalescer(loop, index, statements, outcomes);
        this.inserts = new InsertCensus(System.nanoTime() ^ index, System.nanoTime(), stats);
        this.coalesces = !config.coalesce().rules().isEmpty();
    }

    /// @param before whose counters go on; what is counted at this moment may be lost
    private static @Nullable RouteRules rulesOf(ProxyConfig config, @Nullable RouteRules before) {
        RoutingTable table = RoutingTable.of(config.routing());
        return table.isEmpty() ? null : RouteRules.of(table, before);
    }

    public int index() {
        return index;
    }

    public EventLoop loop() {
        return loop;
    }

    public LoopBuffers buffers() {
        return buffers;
    }

    public StatementCache statements() {
        return statements;
    }

    public SettingsInterner settings() {
        return settings;
    }

    public LoopStats stats() {
        return stats;
    }

    /// Clients for whom there was no memory.
    Complaints shortages() {
        return shortages;
    }

    public ProxyConfig config() {
        return config;
    }

    /// A reload: new sessions, and timeouts of old ones, go by this.
    public void config(ProxyConfig changed) {
        boolean sameRules = changed.routing().equals(config.routing());
        config = changed;
        coalesces = !changed.coalesce().rules().isEmpty();
        if (!sameRules) rules = rulesOf(changed, rules);
    }

    /// Which statements go to replicas; null if nothing is said of that.
    @Nullable RouteRules rules() {
        return rules;
    }

    /// How often each rule of a table decided here; empty if another is in force.
    public Optional<RouteHits> routeHits(RoutingConfig of) {
        RouteRules inForce = rules;
        return inForce == null || !config.routing().equals(of) ? Optional.empty() : Optional.of(inForce.hits());
    }

    /// A client has changed the catalogue of its pool's database; others will see it when it commits.
    void catalogueChanged(DatabasePool pool, long nowNanos) {
        pool.catalogueChanged(nowNanos);
        catalogueDoubted(pool, nowNanos);
    }

    /// What was known of the names in a database may be out of date.
    void catalogueDoubted(DatabasePool pool, long nowNanos) {
        pool.doubtNames(nowNanos);
    }

    /// Some INSERTs may share commits.
    boolean coalesces() {
        return coalesces;
    }

    /// Whose INSERTs share commits.
    public Coalescer coalescer() {
        return coalescer;
    }

    /// Which INSERTs pass through here.
    public InsertCensus inserts() {
        return inserts;
    }

    /// Where the batches of a pool's clients run.
    Place placeOf(DatabasePool pool) {
        return places.computeIfAbsent(pool, one -> new Place() {
            @Override
            public PoolSlice<BackendConnection> slice() {
                return one.shared().slice(index);
            }

            @Override
            public Cluster cluster() {
                return one.cluster();
            }

            @Override
            public boolean outlivesBackends() {
                return one.clientsOutliveBackends();
            }

            @Override
            public int generation() {
                return one.shared().catalogGeneration();
            }

            @Override
            public boolean isHome() {
                PoolKey key = one.shared().key();
                return HomeLoop.of(key.database(), key.user(), one.shared().slices().size()) == index;
            }
        });
    }

    Nodes nodes() {
        return nodes;
    }

    /// What the texts are that clients send.
    ClassCache classes() {
        return classes;
    }

    Outcomes outcomes() {
        return outcomes;
    }

    CancelKeys cancelKeys() {
        return cancelKeys;
    }

    BackendCanceller canceller() {
        return canceller;
    }

    /// Sessions that have logged in.
    public List<ClientSession> sessions() {
        return sessions;
    }

    void opened(ClientSession session) {
        session.place(sessions.size());
        sessions.add(session);
    }

    void closed(ClientSession session) {
        int place = session.place();
        ClientSession last = sessions.removeLast();
        if (last != session) {
            sessions.set(place, last);
            last.place(place);
        }
    }

    /// To be called a few times a second: sessions whose time is up are ended. Where there is no limit they are looked at once a second, see [StallWatch].
    public void tick(long nowNanos) {
        coalescer.tick(nowNanos);
        inserts.tick(nowNanos);
        places.entrySet().removeIf(entry -> {
            if (entry.getKey().isRetired()) coalescer.forget(entry.getValue());
            return entry.getKey().isRetired();
        });
        var timeouts = config.timeouts();
        boolean anyLimit = !timeouts.query().isZero() || !timeouts.transaction().isZero() || !timeouts.idleInTransaction().isZero()
                || !timeouts.clientIdle().isZero();
        if (!anyLimit && nowNanos - lookedNanos < STALL_LOOK_NANOS) return;
        lookedNanos = nowNanos;
        for (int i = sessions.size() - 1; i >= 0; i--) sessions.get(i).tick(nowNanos, timeouts);
    }

    /// Ends sessions as soon as they are outside of a transaction.
    public void drain() {
        draining = true;
        for (var session : List.copyOf(sessions)) session.end().drain();
    }

    boolean draining() {
        return draining;
    }
}
