package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.proxy.backend.BackendConnector;
import org.pgkeel.proxy.backend.BackendFailure;
import org.pgkeel.proxy.backend.BackendGreeting;
import org.pgkeel.proxy.backend.BackendListener;
import org.pgkeel.proxy.backend.BackendTarget;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.Clusters;
import org.pgkeel.proxy.cluster.DoubtReason;
import org.pgkeel.proxy.cluster.ReachedServer;
import org.pgkeel.proxy.cluster.ReachedServer.Match;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.observe.Complaints;
import org.pgkeel.proxy.observe.LoopStats;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.Opener;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.LoopBuffers;
import org.pgkeel.proxy.tls.BackendTls;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens backend connections for pools. Of a cluster that is watched it takes the primary; of another one the node that is not
/// in recovery: the one that was right last time is asked first, then the others in the order of the configuration.
///
/// Threading: shared, concurrent maps; each attempt is confined to its slice's event loop.
public final class BackendOpener implements Opener<BackendConnection> {
    private static final Logger log = LoggerFactory.getLogger(BackendOpener.class);

    private final BackendConnector connector;
    private final Function<String, BackendTls> tlsOf;
    private final Function<EventLoop, LoopBuffers> buffersOf;
    private final Function<EventLoop, LoopStats> statsOf;
    private final Supplier<ProxyConfig> config;
    private final Clusters clusters;
    private final AtomicLong lastId = new AtomicLong();
    private final Map<SharedPool<BackendConnection>, DatabasePool> pools = new ConcurrentHashMap<>();
    private final Map<String, Attempted> attempted = new ConcurrentHashMap<>();
    /// Of addresses that lead elsewhere.
    private final Map<NodeAddress, Complaints> complaints = new ConcurrentHashMap<>();

    /// Whether the last attempt to reach a cluster's primary succeeded.
    public enum Reachability { REACHED, NOT_REACHED }

    private record Attempted(Reachability outcome, long atNanos) {}

    /// @param tlsOf   TLS towards a cluster, by its name
    /// @param statsOf counts closed connections of an event loop
    /// @param config  in force
    public BackendOpener(BackendConnector connector, Function<String, BackendTls> tlsOf, Function<EventLoop, LoopBuffers> buffersOf,
                         Function<EventLoop, LoopStats> statsOf, Supplier<ProxyConfig> config, Clusters clusters) {
        this.connector = connector;
        this.tlsOf = tlsOf;
        this.buffersOf = buffersOf;
        this.statsOf = statsOf;
        this.config = config;
        this.clusters = clusters;
    }

    void serves(SharedPool<BackendConnection> shared, DatabasePool pool) {
        pools.put(shared, pool);
    }

    void servesNoMore(SharedPool<BackendConnection> shared) {
        pools.remove(shared);
    }

    /// How the last attempt for a cluster ended; empty if nobody has asked for it in the last `maxAge`.
    public Optional<Reachability> reachability(String cluster, Duration maxAge) {
        Attempted last = attempted.get(cluster);
        return last == null || System.nanoTime() - last.atNanos > maxAge.toNanos() ? Optional.empty() : Optional.of(last.outcome);
    }

    @Override
    public void closed(PoolSlice<BackendConnection> slice, CloseReason reason) {
        statsOf.apply(slice.eventLoop()).serverClosed(reason.word());
    }

    @Override
    public void open(PoolSlice<BackendConnection> slice) {
        DatabasePool pool = pools.get(slice.shared());
        int epoch = slice.shared().epoch();   // Before what a change of it says is out of date.
        DatabasePool.Target target = pool.target();
        Cluster cluster = pool.cluster();
        // Later: whoever waits must have begun to wait before it hears of a failure.
        List<NodeAddress> nodes = slice.shared().key().replica().map(List::of).orElseGet(() -> nodes(cluster, target));
        slice.eventLoop().execute(new Attempt(slice, pool, epoch, target, cluster, nodes)::next);
    }

    @Override
    public void confirm(PoolSlice<BackendConnection> slice, BackendConnection connection) {
        int epoch = slice.shared().epoch();   // As above.
        DatabasePool pool = pools.get(slice.shared());
        new Confirmation(slice, connection, pool.cluster(), () -> reached(pool, connection.greeting())).ask(epoch);
    }

    private void reached(DatabasePool pool, BackendGreeting greeting) {
        pool.greetedWith(greeting.parameterStatus());
        attempted.put(pool.target().cluster().name(), new Attempted(Reachability.REACHED, System.nanoTime()));
        pool.databaseMissing(false);
    }

    private List<NodeAddress> nodes(Cluster cluster, DatabasePool.Target target) {
        if (cluster.isWatched()) {
            NodeAddress primary = cluster.primary();
            return primary == null ? List.of() : List.of(primary);
        }
        var nodes = new ArrayList<>(target.cluster().nodes());
        NodeAddress last = cluster.primary();
        if (last != null && nodes.remove(last)) nodes.addFirst(last);
        return nodes;
    }

    /// One after the other, until a node is the primary.
    private final class Attempt implements BackendListener {
        private final PoolSlice<BackendConnection> slice;
        private final DatabasePool pool;
        private final int epoch;
        private final DatabasePool.Target target;
        private final Cluster cluster;
        private final Reign reign;
        private final List<NodeAddress> nodes;
        private int asked;
        private Refusal why = Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "no node");

        Attempt(PoolSlice<BackendConnection> slice, DatabasePool pool, int epoch, DatabasePool.Target target, Cluster cluster, List<NodeAddress> nodes) {
            this.slice = slice;
            this.pool = pool;
            this.epoch = epoch;
            this.target = target;
            this.cluster = cluster;
            this.reign = cluster.current();
            this.nodes = nodes;
        }

        void next() {
            if (!clusters.has(target.cluster().name())) {
                clusterIsGone();
                return;
            }
            if (nodes.isEmpty()) {
                putOff("no primary");
                return;
            }
            connector.connect(slice.eventLoop(), new BackendTarget(nodes.get(asked++), target.backendDatabase(), target.backendUser(),
                    target.credential(), tlsOf.apply(target.cluster().name()), target.startup(), isAsked() ? Optional.of(ReachedServer.SQL) : Optional.empty(),
                    slice.shared().settings().timeouts().serverConnect()), this);
        }

        /// Whether a server has to say who it is. A connection for replication may understand no SQL.
        private boolean isAsked() {
            return cluster.isWatched() && !target.isReplication();
        }

        @Override
        public void connected(Channel channel, BackendGreeting greeting, ByteBuf early) {
            if (slice.shared().key().isToReplica()) {
                connectedToReplica(channel, greeting, early);
                return;
            }
            if (cluster.isWatched()) {
                boolean inRecovery = "on".equals(greeting.parameterStatus().get("in_hot_standby"));
                if (inRecovery) cluster.doubt(greeting.address(), DoubtReason.READ_ONLY);
                if (inRecovery || !greeting.address().equals(cluster.primary()) || reign.number() != cluster.reign()) {
                    drop(channel, early);
                    putOff(greeting.address() + " is not the primary any more");
                    return;
                }
            }
            if (!cluster.isWatched() && nodes.size() > 1 && "on".equals(greeting.parameterStatus().get("in_hot_standby"))) {
                drop(channel, early);
                why = Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "no node of cluster \"" + target.cluster().name() + "\" is the primary: "
                        + greeting.address() + " is in recovery");
                onwards(false);
                return;
            }
            if (isAsked()) {
                cluster.match(reign, ReachedServer.of(greeting.answer())).thenAcceptAsync(match -> identified(match, channel, greeting, early), slice.eventLoop());
            } else {
                opened(channel, greeting, early);
            }
        }

        /// The connection must be of the run that it is taken for: nobody has judged another server, and what is learnt of a transaction's outcome rests on it, too.
        private void identified(Match match, Channel channel, BackendGreeting greeting, ByteBuf early) {
            boolean lasts = reign.number() == cluster.reign();
            if (match == Match.SAME && lasts && channel.isActive()) {
                opened(channel, greeting, early);
                return;
            }
            drop(channel, early);
            if (match == Match.ANOTHER && lasts) reachedAnother(greeting);
            putOff(greeting.address() + " is not what it was");
        }

        private static void drop(Channel channel, ByteBuf early) {
            early.release();
            channel.close();
        }

        private void reachedAnother(BackendGreeting greeting) {
            cluster.doubt(greeting.address(), DoubtReason.OTHER_SERVER);
            long times = complaints.computeIfAbsent(greeting.address(), _ -> new Complaints(1)).of(1, System.nanoTime());
            if (times == 0) return;
            log.warn("cluster {}: a new connection to {} has reached another server than the one that is watched there, or another run of it, and is not used: {}{}",
                    cluster.name(), greeting.address(), ReachedServer.of(greeting.answer()), Complaints.others(times));
        }

        /// Servers before 14 do not say whether they are in recovery.
        private void connectedToReplica(Channel channel, BackendGreeting greeting, ByteBuf early) {
            if ("off".equals(greeting.parameterStatus().get("in_hot_standby"))) {
                notTheReplica("server " + greeting.address() + " is no replica any more", channel, early);
                return;
            }
            ReachedServer there = ReachedServer.of(greeting.answer());
            if (!there.isInRecovery()) {
                notTheReplica("server " + greeting.address() + " is no replica any more", channel, early);
                return;
            }
            cluster.match(greeting.address(), there).thenAcceptAsync(match -> {
                if (match == Match.SAME && channel.isActive()) {
                    lend(channel, greeting, early, Reign.NONE);
                    return;
                }
                if (match == Match.ANOTHER) reachedAnother(greeting);
                notTheReplica("server " + greeting.address() + " is not the replica that it was", channel, early);
            }, slice.eventLoop());
        }

        private void notTheReplica(String text, Channel channel, ByteBuf early) {
            drop(channel, early);
            slice.openFailed(Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, text), true, System.nanoTime());
        }

        private void opened(Channel channel, BackendGreeting greeting, ByteBuf early) {
            cluster.foundAtLogin(greeting.address());
            reached(pool, greeting);
            lend(channel, greeting, early, reign);
        }

        private void lend(Channel channel, BackendGreeting greeting, ByteBuf early, Reign lasting) {
            int high = config.get().limits().backendBufferBytes();
            channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(high / 2, high));
            long now = System.nanoTime();
            var connection = new BackendConnection(lastId.incrementAndGet(), channel, greeting, slice, config.get().prepared().perBackend(), buffersOf, now);
            connection.serves(lasting, epoch);
            connection.start(early);
            slice.opened(connection, now);
        }

        /// By a reload. Nobody watches it any more, so nothing is opened there; the database may be elsewhere now.
        private void clusterIsGone() {
            String database = slice.shared().key().database();
            boolean forGood = Pools.database(config.get(), database).isEmpty();
            pool.databaseMissing(forGood);
            slice.openFailed(Refusal.of(RefusalReason.UNKNOWN_DATABASE, "database \"" + database + "\" is not configured any more"), forGood, System.nanoTime());
        }

        private void putOff(String text) {
            slice.openPutOff(Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "cluster \"" + cluster.name() + "\": " + text), System.nanoTime());
        }

        @Override
        public void failed(BackendFailure failure) {
            log.warn("backend {} for database {}, user {}: {}", nodes.get(asked - 1), target.backendDatabase(), target.backendUser(), failure.text());
            why = refusal(failure);
            if (slice.shared().key().isToReplica()) {
                // Not the cluster's primary: all members are asked, and nobody is held.
                DoubtReason doubt = doubt(failure);
                if (doubt != null) cluster.doubt(nodes.getFirst(), doubt);
                slice.openFailed(why, true, System.nanoTime());
                return;
            }
            DoubtReason doubt = cluster.isWatched() ? doubt(failure) : null;
            if (doubt == null) {
                onwards(isForGood(failure));
                return;
            }
            attempted.put(target.cluster().name(), new Attempted(Reachability.NOT_REACHED, System.nanoTime()));
            cluster.doubt(nodes.getFirst(), doubt);
            slice.openPutOff(why, System.nanoTime());
        }

        /// What a failure to connect says about the primary; null if nothing.
        private static @Nullable DoubtReason doubt(BackendFailure failure) {
            return switch (failure) {
                case BackendFailure.Refused refused -> switch (refused.sqlState()) {
                    case "57P01" -> DoubtReason.ADMIN_SHUTDOWN;
                    case "57P02" -> DoubtReason.CRASH_SHUTDOWN;
                    case "57P03" -> DoubtReason.CANNOT_CONNECT_NOW;
                    default -> null;
                };
                case BackendFailure.Unreachable _, BackendFailure.TimedOut _ -> DoubtReason.CONNECT_FAILED;
                case BackendFailure.AuthenticationFailed _, BackendFailure.ProtocolBroken _, BackendFailure.TlsFailed _ -> null;
            };
        }

        private void onwards(boolean forGood) {
            if (!forGood && asked < nodes.size()) {
                next();
            } else {
                long now = System.nanoTime();
                if (!forGood) attempted.put(target.cluster().name(), new Attempted(Reachability.NOT_REACHED, now));
                pool.databaseMissing(why.reason() == RefusalReason.UNKNOWN_DATABASE);
                slice.openFailed(why, forGood, now);
            }
        }

        private Refusal refusal(BackendFailure failure) {
            String node = nodes.get(asked - 1).toString();
            return switch (failure) {
                case BackendFailure.Refused refused when refused.sqlState().equals("3D000") ->
                        Refusal.of(RefusalReason.UNKNOWN_DATABASE, refused.message());
                case BackendFailure.Refused refused -> Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "server " + node + ": " + refused.text());
                case BackendFailure.AuthenticationFailed denied -> Refusal.of(RefusalReason.BACKEND_LOGIN_FAILED,
                        "the server does not let the proxy in as user \"" + target.backendUser() + "\"").withDetail(node + ": " + denied.text());
                case BackendFailure.Unreachable _, BackendFailure.TimedOut _, BackendFailure.ProtocolBroken _, BackendFailure.TlsFailed _ ->
                        Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "server " + node + ": " + failure.text());
            };
        }

        private boolean isForGood(BackendFailure failure) {
            return switch (failure) {
                case BackendFailure.Refused refused -> refused.sqlState().equals("3D000") || refused.sqlState().startsWith("42");
                case BackendFailure.AuthenticationFailed _ -> true;
                case BackendFailure.Unreachable _, BackendFailure.TimedOut _, BackendFailure.ProtocolBroken _, BackendFailure.TlsFailed _ -> false;
            };
        }
    }
}
