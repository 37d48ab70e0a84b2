package org.pgkeel.proxy.session;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.backend.Credential;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.Clusters;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.config.UserConfig;
import org.pgkeel.proxy.login.ClientIdentity;
import org.pgkeel.proxy.login.StoredSecret;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.pool.BackendBudget;
import org.pgkeel.proxy.pool.BudgetsByName;
import org.pgkeel.proxy.pool.PoolKey;
import org.pgkeel.proxy.pool.PoolSettings;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.relay.BackendConnection;

/// All pools, made when the first client of a database and user comes, forgotten when nobody has used them for long.
///
/// Threading: shared; concurrent maps, and what makes, ends or pauses a pool is synchronized.
public final class Pools {
    /// A pool without clients and connections for this long is forgotten.
    static final Duration UNUSED_MAX = Duration.ofMinutes(10);

    private final List<EventLoop> loops;
    private final BackendOpener opener;
    private final Clusters clusters;
    private final Gates gates;
    private final Map<PoolKey, DatabasePool> pools = new ConcurrentHashMap<>();
    private final Set<DatabasePool> replication = ConcurrentHashMap.newKeySet();
    /// Those whose clients came before a reload gave their database another mode.
    private final Set<DatabasePool> outdated = ConcurrentHashMap.newKeySet();
    /// Pools to replicas that have gone, or outdated ones, as long as a connection of theirs is open.
    private final Set<SharedPool<BackendConnection>> leaving = ConcurrentHashMap.newKeySet();
    private final BudgetsByName ofDatabases = new BudgetsByName();
    private final BudgetsByName ofUsers = new BudgetsByName();
    private final Pauses pauses;
    private volatile ProxyConfig config;

    public Pools(ProxyConfig config, List<EventLoop> loops, Clusters clusters, BackendOpener opener) {
        this.config = config;
        this.loops = List.copyOf(loops);
        this.clusters = clusters;
        this.opener = opener;
        this.gates = new Gates(this::ofCluster, this::ofReplica, this::promoted);
        this.pauses = new Pauses(name -> database(this.config, name).map(database -> this.config.clusters().get(database.cluster())),
                name -> pools(name).<SharedPool<?>>flatMap(pool -> pool.all().stream()));
        clusters.all().forEach(gates::follow);
    }

    private Stream<SharedPool<?>> ofCluster(String cluster) {
        return all().stream().filter(pool -> pool.cluster().name().equals(cluster)).map(DatabasePool::shared);
    }

    private Stream<SharedPool<?>> ofReplica(String cluster, NodeAddress node) {
        return all().stream().filter(pool -> pool.cluster().name().equals(cluster)).<SharedPool<?>>flatMap(pool -> pool.all().stream())
                .filter(pool -> pool.key().replica().equals(Optional.of(node)));
    }

    private void promoted(String cluster, NodeAddress node) {
        all().stream().filter(pool -> pool.cluster().name().equals(cluster)).forEach(pool -> pool.promoted(node));
    }

    /// Lets the slices of one event loop do what is due. To be called a few times a second on that loop, whatever the number of pools.
    public void tick(int loop, long nowNanos) {
        for (DatabasePool pool : pools.values()) pool.tick(loop, nowNanos);
        for (DatabasePool pool : outdated) pool.tick(loop, nowNanos);
        for (DatabasePool pool : replication) pool.tick(loop, nowNanos);
        for (var replica : leaving) replica.slice(loop).tick(nowNanos);
    }

    /// A hold may have grown too old without an event. To be called a few times a second.
    public void tick() {
        for (Cluster cluster : clusters.all()) gates.of(cluster).age(cluster.hold());
    }

    /// The configuration of a database that a client names, the wildcard's if it has none of its own.
    public static Optional<DatabaseConfig> database(ProxyConfig config, String name) {
        Optional<DatabaseConfig> wildcard = Optional.empty();
        for (DatabaseConfig database : config.databases()) {
            if (database.name().equals(name)) return Optional.of(database);
            if (database.isWildcard()) wildcard = Optional.of(database);
        }
        return wildcard;
    }

    /// The pool of a client that has logged in; empty if its database is not configured. The client is in until [#leave].
    /// @param secret of the client's user, if the proxy has it
    public Optional<DatabasePool> of(ClientIdentity identity, Optional<StoredSecret> secret) {
        if (database(config, identity.database()).isEmpty()) return Optional.empty();
        PoolKey key = new PoolKey(identity.database(), identity.user());
        DatabasePool pool = pools.get(key);
        if (pool == null || !pool.enter()) pool = enterNew(key, secret);
        if (pool == null) return Optional.empty();
        pool.proved(identity, secret.map(Pools::credential));
        return Optional.of(pool);
    }

    /// What is in force is looked at here, where no reload comes in between: a pool that is made must not miss one.
    private synchronized @Nullable DatabasePool enterNew(PoolKey key, Optional<StoredSecret> secret) {
        ProxyConfig now = config;
        Optional<DatabaseConfig> database = database(now, key.database());
        if (database.isEmpty()) return null;
        DatabasePool pool = pools.computeIfAbsent(key, wanted -> make(wanted, now, database.get(), secret));
        if (!pool.enter()) throw new IllegalStateException("a retired pool was not forgotten: " + key);
        return pool;
    }

    /// A pool of one client alone, whose startup packet asks for `replication`: its startup parameters go to the server as
    /// they are. It ends with [#leave].
    public synchronized Optional<DatabasePool> replication(ClientIdentity identity, Optional<StoredSecret> secret) {
        ProxyConfig now = config;
        return database(now, identity.database()).map(database -> {
            PoolKey key = new PoolKey(identity.database(), identity.user());
            PoolConfig shape = settings(now, database, key.user()).shape();
            var one = new PoolConfig(PoolMode.SESSION, 1, 0, 0, shape.reserveWait(), shape.maxWait());
            Credential credential = secret.map(Pools::credential).orElse(new Credential.None());
            var target = target(now, database, key, credential);
            var startup = new LinkedHashMap<>(identity.startupParameters());
            var own = new DatabasePool.Target(target.database(), target.cluster(), target.backendDatabase(), target.backendUser(), target.credential(), startup);
            Cluster cluster = clusters.get(database.cluster());
            DatabasePool pool = register(new SharedPool<>(key, new PoolSettings(one, now.timeouts()), new BackendBudget(1), budgets(key, database, now), gates.of(cluster), loops, opener), own, cluster);
            pool.proved(identity, secret.map(Pools::credential));
            pool.enter();
            replication.add(pool);
            return pool;
        });
    }

    /// A client of the pool is gone.
    public void leave(DatabasePool pool) {
        pool.leave();
        if (replication.remove(pool)) {
            pool.shared().stop();   // a connection that is still being opened is closed when it is there
            opener.servesNoMore(pool.shared());
        }
    }

    /// Forgets pools that nobody uses: those without clients and connections for [#UNUSED_MAX], and at once those whose
    /// database does not exist. Called now and then on the event loop of the first slices, the only one on which a pool
    /// without clients opens connections.
    public synchronized void retireUnused(long nowNanos) {
        for (var replica : leaving) {
            if (replica.open() > 0) continue;
            leaving.remove(replica);
            opener.servesNoMore(replica);
        }
        for (var pool : outdated) {
            pool.followReplicas(nowNanos, this::forgetLater);
            if (!pool.retireIfDeserted()) continue;
            outdated.remove(pool);
            pool.all().forEach(each -> {
                each.retire();
                forgetLater(each);
            });
        }
        for (var entry : pools.entrySet()) {
            entry.getValue().followReplicas(nowNanos, this::forgetLater);
            if (entry.getValue().retireIfUnused(nowNanos, UNUSED_MAX.toNanos())) forget(entry.getKey(), entry.getValue());
        }
        ofDatabases.forgetUnused();
        ofUsers.forgetUnused();
    }

    /// A pool that is retired: what is lent still is looked after until it comes back.
    private void forgetLater(SharedPool<BackendConnection> retired) {
        leaving.add(retired);
    }

    private void forget(PoolKey key, DatabasePool pool) {
        pools.remove(key, pool);
        for (var each : pool.all()) {
            each.retire();
            opener.servesNoMore(each);
        }
    }

    // --- PAUSE

    /// Lends no backend connections of a database any more, of all databases if none is named.
    public synchronized void pause(Optional<String> database) {
        pauses.pause(database);
    }

    /// Undoes [#pause].
    /// @return false if it was not paused
    public synchronized boolean resume(Optional<String> database) {
        return pauses.resume(database);
    }

    public boolean isPaused(String database) {
        return pauses.isPaused(database);
    }

    public boolean allPaused() {
        return pauses.allPaused();
    }

    /// Who waits for a primary or for RESUME, and what became of those who did: one for each cluster, and one for each database that was
    /// paused since the start.
    public List<HoldSnapshot> holds() {
        return Stream.concat(gates.snapshots().stream(), pauses.snapshots().stream()).toList();
    }

    /// The pools of one database, or all.
    public Stream<DatabasePool> pools(Optional<String> database) {
        return all().stream().filter(pool -> database.isEmpty() || pool.shared().key().database().equals(database.get()));
    }

    /// Open backend connections of a database, those being opened included.
    public int serversOfDatabase(String database) {
        return ofDatabases.open(database);
    }

    /// The same for a user.
    public int serversOfUser(String user) {
        return ofUsers.open(user);
    }

    /// The pools to all servers.
    public Stream<SharedPool<BackendConnection>> shared() {
        return Stream.concat(all().stream().flatMap(pool -> pool.all().stream()), leaving.stream());
    }

    public Collection<DatabasePool> all() {
        return Stream.of(pools.values(), outdated, replication).flatMap(Collection::stream).toList();
    }

    /// Applies a new configuration: pools change their limits at once, and where they connect to as connections come back. With another mode there is another
    /// pool: who is in stays in the one before.
    /// @param before clusters that were there until now
    public synchronized void reload(ProxyConfig changed, Collection<Cluster> before) {
        config = changed;
        pauses.reload();
        clusters.all().stream().filter(cluster -> !before.contains(cluster)).forEach(gates::follow);
        ofDatabases.forEach((name, budget) -> database(changed, name).ifPresent(database -> budget.setMax(database.maxBackends().orElse(Integer.MAX_VALUE))));
        ofUsers.forEach((name, budget) -> budget.setMax(userMax(changed, name)));
        Stream.concat(pools.values().stream(), outdated.stream()).toList().forEach(pool -> follow(changed, pool));
    }

    private void follow(ProxyConfig changed, DatabasePool pool) {
        PoolKey key = pool.shared().key();
        database(changed, key.database()).ifPresent(database -> {
            PoolSettings settings = settings(changed, database, key.user());
            pool.all().forEach(each -> each.settings(settings));
            Cluster cluster = clusters.get(database.cluster());
            boolean otherCluster = !cluster.name().equals(pool.cluster().name());
            pool.cluster(cluster);   // Before the target: with that, what was opened until then is out of date.
            pool.target(target(changed, database, key, pool.target().credential()));
            if (otherCluster) pool.shared().gate(gates.of(cluster));
            if (settings.shape().mode() == pool.mode()) return;
            outdated.add(pool);
            pools.remove(key, pool);
        });
    }

    private DatabasePool make(PoolKey key, ProxyConfig now, DatabaseConfig database, Optional<StoredSecret> secret) {
        PoolSettings settings = settings(now, database, key.user());
        Credential credential = secret.map(Pools::credential).orElse(new Credential.None());
        Cluster cluster = clusters.get(database.cluster());
        return register(new SharedPool<>(key, settings, new BackendBudget(settings.shape().max()), budgets(key, database, now), gates.of(cluster), loops, opener),
                target(now, database, key, credential), cluster);
    }

    private DatabasePool register(SharedPool<BackendConnection> shared, DatabasePool.Target target, Cluster cluster) {
        var pool = new DatabasePool(shared, shared.settings().shape().mode(), target, cluster, () -> config.catalogue().refresh(), this::toReplica, pauses::apply, () -> all().stream());
        opener.serves(shared, pool);
        pauses.apply(shared);
        return pool;
    }

    private SharedPool<BackendConnection> toReplica(DatabasePool pool, NodeAddress node) {
        SharedPool<BackendConnection> replica = pool.shared().toReplica(node);
        opener.serves(replica, pool);
        return replica;
    }

    private List<BackendBudget> budgets(PoolKey key, DatabaseConfig database, ProxyConfig now) {
        return List.of(
                ofDatabases.of(key.database(), database.maxBackends().orElse(Integer.MAX_VALUE)),
                ofUsers.of(key.user(), userMax(now, key.user())));
    }

    private static int userMax(ProxyConfig config, String user) {
        UserConfig own = config.users().get(user);
        return own == null ? Integer.MAX_VALUE : own.maxBackends().orElse(Integer.MAX_VALUE);
    }

    private static PoolSettings settings(ProxyConfig config, DatabaseConfig database, String user) {
        PoolConfig shape = database.pool();
        UserConfig own = config.users().get(user);
        if (own != null) {
            PoolMode mode = own.poolMode().orElse(shape.mode());
            int max = own.poolMax().orElse(shape.max());
            shape = new PoolConfig(mode, max, Math.min(shape.min(), max), shape.reserve(), shape.reserveWait(), shape.maxWait());
        }
        return new PoolSettings(shape, config.timeouts());
    }

    private static DatabasePool.Target target(ProxyConfig config, DatabaseConfig database, PoolKey key, Credential credential) {
        Credential own = database.backendPassword().<Credential>map(Credential.Password::new)
                .orElse(database.backendUser().isPresent() ? new Credential.None() : credential);
        return new DatabasePool.Target(database, config.clusters().get(database.cluster()),
                database.backendName().orElse(key.database()), database.backendUser().orElse(key.user()), own, new LinkedHashMap<>());
    }

    private static Credential credential(StoredSecret secret) {
        return switch (secret) {
            case StoredSecret.Plain(Secret password) -> new Credential.Password(password);
            case StoredSecret.Md5(Secret hash) -> new Credential.Md5Hash(hash);
            case StoredSecret.Scram _ -> new Credential.None();
        };
    }
}
