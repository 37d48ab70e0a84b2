package org.pgkeel.proxy.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.backend.Credential;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.catalogue.CatalogueRefresh;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.login.ClientIdentity;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.statement.Routine;

/// The pool of one database and user, with what it needs to open connections and to greet clients.
///
/// Threading: shared; what changes is volatile.
public final class DatabasePool {
    private static final int ENDING_MAX = 1000;
    private static final long CATALOGUE_RETRY_NANOS = 1_000_000_000L;
    private static final long CATALOGUE_ANSWER_NANOS = 30_000_000_000L;

    /// Where and as whom the pool connects; a reload may change it.
    ///
    /// @param credential as configured, or as the client that logged in last has proved
    /// @param startup    of the backend's StartupMessage; only replication connections have any
    public record Target(DatabaseConfig database, ClusterConfig cluster, String backendDatabase, String backendUser, Credential credential,
                         SequencedMap<String, String> startup) {
        Target with(Credential other) {
            return new Target(database, cluster, backendDatabase, backendUser, other, startup);
        }

        /// Its connections belong to one client each, from login to end.
        public boolean isReplication() {
            return startup.containsKey("replication");
        }
    }

    private final SharedPool<BackendConnection> shared;
    private final Supplier<Stream<DatabasePool>> siblings;
    private final ReplicaPools replicas;
    private final PoolMode mode;
    /// Its clients may change their backends.
    private final boolean shares;
    private final Greetings greetings = new Greetings();
    private volatile Map<String, String> lastGreeting = Map.of();
    private final PoolClients clients = new PoolClients(System.nanoTime());
    private volatile Target target;
    private volatile Cluster cluster;
    private final CatalogueRefresh refresh;
    private volatile Catalogue catalogue = Catalogue.unknown();
    private boolean asking;
    private volatile long catalogueDueNanos = System.nanoTime();
    /// Procedures that a server did not let end a transaction, against what the catalogue has said of them.
    private final Set<Routine> ending = ConcurrentHashMap.newKeySet();
    private volatile boolean databaseMissing;
    private long emptySinceNanos;
    private boolean empty;

    /// @param catalogueAge `catalogue.refresh`
    /// @param replicaMaker makes the pool to a replica
    /// @param replicaMade  called when it is found among the pools: its database may be paused
    /// @param siblings     all pools
    DatabasePool(SharedPool<BackendConnection> shared, PoolMode mode, Target target, Cluster cluster, Supplier<Duration> catalogueAge, BiFunction<DatabasePool, NodeAddress, SharedPool<BackendConnection>> replicaMaker,
                 Consumer<SharedPool<?>> replicaMade,
                 Supplier<Stream<DatabasePool>> siblings) {
        this.shared = shared;
        this.refresh = new CatalogueRefresh(catalogueAge);
        this.siblings = siblings;
        this.replicas = new ReplicaPools(node -> replicaMaker.apply(this, node), replicaMade);
        this.mode = mode;
        this.shares = mode != PoolMode.SESSION && !target.isReplication();
        this.target = target;
        this.cluster = cluster;
    }

    /// The cluster whose primary the pool connects to.
    public Cluster cluster() {
        return cluster;
    }

    /// A reload gave the pool another cluster, or its cluster other settings.
    void cluster(Cluster changed) {
        cluster = changed;
    }

    /// What is known of the names in its database.
    Catalogue catalogue() {
        return catalogue;
    }

    /// A procedure has tried to end a transaction.
    void foundEnding(Routine procedure) {
        if (ending.size() >= ENDING_MAX) ending.clear();
        ending.add(procedure);
    }

    /// Whether the procedure is one of [#foundEnding].
    boolean wasFoundEnding(Routine procedure) {
        return ending.contains(procedure);
    }

    /// The catalogue should be asked for, if [#claimCatalogue] agrees. Cheap.
    boolean isCatalogueDue(long nowNanos) {
        return nowNanos - catalogueDueNanos >= 0;
    }

    /// @return whether the caller asks now; [#catalogueAnswered] or [#catalogueFailed] follows
    synchronized boolean claimCatalogue(long nowNanos) {
        if (asking) refresh.failed(nowNanos);   // the connection was lost that should have answered
        boolean due = refresh.isDue(nowNanos);
        asking = due;
        catalogueDueNanos = nowNanos + (due ? CATALOGUE_ANSWER_NANOS : CATALOGUE_RETRY_NANOS);
        if (due) refresh.asked(nowNanos);
        return due;
    }

    synchronized void catalogueAnswered(Catalogue answer) {
        asking = false;
        refresh.answered(answer);
        catalogue = refresh.current();
        catalogueDueNanos = refresh.dueNanos(System.nanoTime());
    }

    synchronized void catalogueFailed(long nowNanos) {
        asking = false;
        refresh.failed(nowNanos);
        catalogueDueNanos = nowNanos + CATALOGUE_RETRY_NANOS;
    }

    /// Something is used that the catalogue does not have.
    synchronized void catalogueMisses(long nowNanos) {
        refresh.missed();
        if (!asking) catalogueDueNanos = refresh.dueNanos(nowNanos);
    }

    /// A client is about to ask the server for something for which nobody may be in a database of this cluster: connections of pools that no client is in are closed,
    /// as clients that have left would have closed theirs. The server waits some seconds for them to be gone.
    /// @param database as PostgreSQL calls it
    void vacate(String database) {
        long now = System.nanoTime();
        siblings.get().filter(each -> each.cluster == cluster && each.target.backendDatabase().equals(database))
                .filter(each -> each.clients.wantedOut(now)).forEach(each -> each.vacate(now));
    }

    private void vacate(long nowNanos) {
        all().reversed().forEach(pool -> pool.vacate(nowNanos + PoolClients.LEAVERS_NANOS));   // As below.
    }

    /// Connections opened before now are closed when they are given back. The primary's come last: what it takes over from a replica meanwhile is among them.
    public void recycle() {
        all().reversed().forEach(SharedPool::recycle);
    }

    /// Statements that were kept prepared, and what was known of names, may be out of date.
    synchronized void catalogueChanged(long nowNanos) {
        shared.catalogChanged();
        doubtCatalogue(nowNanos);
    }

    /// What was known of names may be out of date: a change was made, or is seen by others from now on.
    synchronized void doubtCatalogue(long nowNanos) {
        refresh.changed(nowNanos);
        catalogue = refresh.current();
        catalogueDueNanos = nowNanos;
    }

    /// The same for every pool of the database.
    void doubtNames(long nowNanos) {
        siblings.get().filter(other -> other == this || sharesDatabase(other)).forEach(pool -> pool.doubtCatalogue(nowNanos));
    }

    /// Where its catalogue is another's too.
    private boolean sharesDatabase(DatabasePool other) {
        return cluster.name().equals(other.cluster.name()) && target.backendDatabase().equals(other.target.backendDatabase());
    }

    /// Its clients stay when their backends are lost.
    boolean clientsOutliveBackends() {
        return shares && cluster.isWatched();
    }

    /// To the primary.
    public SharedPool<BackendConnection> shared() {
        return shared;
    }

    /// To a replica; made when the first client needs it.
    SharedPool<BackendConnection> toReplica(NodeAddress node) {
        return replicas.to(node);
    }

    /// To all servers: the primary first.
    public List<SharedPool<BackendConnection>> all() {
        if (replicas.isEmpty()) return List.of(shared);
        var all = new ArrayList<SharedPool<BackendConnection>>();
        all.add(shared);
        all.addAll(replicas.all());
        return all;
    }

    void tick(int loop, long nowNanos) {
        PoolSlice<BackendConnection> slice = shared.slice(loop);
        slice.tick(nowNanos);
        if (!target.isReplication()) replicas.keepReady(cluster, loop, slice.waitingCount(), nowNanos);
        for (var replica : replicas.all()) replica.slice(loop).tick(nowNanos);
    }

    /// Open backend connections to all servers, those being opened included.
    public int open() {
        int open = shared.open();
        for (var replica : replicas.all()) open += replica.open();
        return open;
    }

    /// Ends what is under way on replicas that have gone, and their pools. Called by one thread only.
    /// @param gone hears of pools that are ended
    void followReplicas(long nowNanos, Consumer<SharedPool<BackendConnection>> gone) {
        replicas.follow(cluster, nowNanos, gone);
    }

    /// A replica has become the primary: whoever waits is served by the connections that are there already.
    void promoted(NodeAddress node) {
        replicas.at(node).ifPresent(shared::takeOver);
        if (shared.sharesLimit()) replicas.othersWerePromoted(node);
    }

    public PoolMode mode() {
        return mode;
    }

    Greetings greetings() {
        return greetings;
    }

    /// A server was connected to; if it says something else than the one before, so must the greetings.
    void greetedWith(Map<String, String> parameterStatus) {
        if (!parameterStatus.equals(lastGreeting)) {
            lastGreeting = Map.copyOf(parameterStatus);
            greetings.forget();
        }
    }

    public Target target() {
        return target;
    }

    /// A reload changed where the pool connects to: its connections are closed as they are given back.
    void target(Target changed) {
        Target before = target;
        target = changed;
        boolean elsewhere = !before.cluster().equals(changed.cluster()) || !before.backendDatabase().equals(changed.backendDatabase())
                || !before.backendUser().equals(changed.backendUser());
        if (elsewhere) {
            greetings.forget();
            recycle();
        }
    }

    /// A client proved who it is; where the pool has no password of its own it logs in with that.
    /// @param filed what the users file has for the client's user now
    void proved(ClientIdentity identity, Optional<Credential> filed) {
        Target now = target;
        if (now.database().backendPassword().isPresent() || now.database().backendUser().isPresent()) return;
        Credential better = filed.filter(each -> !(each instanceof Credential.None)).orElse(identity.credential());
        if (!(better instanceof Credential.None) && !better.equals(now.credential())) target = now.with(better);
    }

    // --- who uses it

    /// A client comes in.
    /// @return false if the pool is retired: there is, or will be, another one
    boolean enter() {
        return clients.enter();
    }

    void leave() {
        long now = System.nanoTime();
        if (clients.leave(now)) vacate(now);
    }

    /// The server said that there is no such database, or that there is one after all.
    void databaseMissing(boolean missing) {
        databaseMissing = missing;
    }

    /// Nobody can enter any more.
    boolean isRetired() {
        return clients.isRetired();
    }

    /// Ends the pool if nobody is in it.
    /// @return whether it is ended now
    boolean retireIfDeserted() {
        return clients.retire();
    }

    /// Ends the pool if nobody has used it for long enough. Called by one thread only.
    /// @return whether it is ended now: nobody can enter any more
    boolean retireIfUnused(long nowNanos, long unusedMaxNanos) {
        boolean wasEmpty = empty;
        empty = clients.isEmpty() && open() == 0;
        if (!empty) return false;
        if (!wasEmpty) emptySinceNanos = nowNanos;
        return (databaseMissing || nowNanos - emptySinceNanos >= unusedMaxNanos) && clients.retire();
    }
}
