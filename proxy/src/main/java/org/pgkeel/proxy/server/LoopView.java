package org.pgkeel.proxy.server;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.listen.Reception;
import org.pgkeel.proxy.login.ClientIdentity;
import org.pgkeel.proxy.login.Replication;
import org.pgkeel.proxy.observe.ClientSnapshot;
import org.pgkeel.proxy.observe.Endpoint;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.ServerSnapshot;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.PooledConnection;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.session.ClientSession;
import org.pgkeel.proxy.session.DatabasePool;
import org.pgkeel.proxy.session.SessionContext;
import org.pgkeel.proxy.statement.PinReason;

/// One event loop's clients, backend connections and slices of pools, as they are at this moment.
///
/// Threading: made, used and thrown away in one task of the event loop.
final class LoopView {
    private final SessionContext context;
    private final Collection<DatabasePool> pools;
    private final long nowNanos = System.nanoTime();
    private final Instant now;
    private final Map<BackendConnection, ClientSession> holders = new IdentityHashMap<>();

    LoopView(SessionContext context, Collection<DatabasePool> pools, Instant now) {
        this.context = context;
        this.pools = pools;
        this.now = now;
        for (var session : context.sessions()) session.leasedConnection().ifPresent(backend -> holders.put(backend, session));
    }

    // --- pools

    private static final class PoolClients {
        private int active;
        private int waiting;
        private final Map<PinReason, Long> pins = new EnumMap<>(PinReason.class);
    }

    /// This loop's slice of every pool.
    List<PoolSnapshot> pools() {
        var clients = new IdentityHashMap<DatabasePool, PoolClients>();
        for (var session : context.sessions()) {
            var counts = clients.computeIfAbsent(session.pool(), _ -> new PoolClients());
            if (isWaiting(session)) counts.waiting++;
            else counts.active++;
            if (session.leasedConnection().isPresent()) session.pinnedBy().forEach(pin -> counts.pins.merge(pin, 1L, Long::sum));
        }
        var all = new ArrayList<PoolSnapshot>();
        for (var pool : pools) {
            // Clients belong to no server: they stand with the primary.
            for (var shared : pool.all()) all.add(pool(pool, shared, shared == pool.shared() ? clients.getOrDefault(pool, new PoolClients()) : new PoolClients()));
        }
        return all;
    }

    private static boolean isWaiting(ClientSession session) {
        return session.isWaiting() && session.leasedConnection().isEmpty();
    }

    private PoolSnapshot pool(DatabasePool pool, SharedPool<BackendConnection> shared, PoolClients clients) {
        PoolSlice<BackendConnection> slice = shared.slice(context.index());
        var states = new EnumMap<ServerSnapshot.State, Integer>(ServerSnapshot.State.class);
        int cancels = 0;
        for (var connection : slice.connections()) {
            states.merge(stateOf(connection), 1, Integer::sum);
            if (connection.state() == PooledConnection.State.LEASED) cancels += connection.cancelsUnderWay();
        }
        var servers = new PoolSnapshot.Servers(
                states.getOrDefault(ServerSnapshot.State.ACTIVE, 0), states.getOrDefault(ServerSnapshot.State.ACTIVE_CANCEL, 0),
                states.getOrDefault(ServerSnapshot.State.BEING_CANCELED, 0), states.getOrDefault(ServerSnapshot.State.IDLE, 0),
                states.getOrDefault(ServerSnapshot.State.USED, 0), states.getOrDefault(ServerSnapshot.State.TESTED, 0), slice.opening());
        var pins = new HashMap<String, Long>();
        clients.pins.forEach((reason, count) -> pins.put(reason.word(), count));
        var shape = shared.settings().shape();
        return new PoolSnapshot(shared.key().database(), shared.key().user(), shared.key().replica().map(NodeAddress::toString).orElse(PoolSnapshot.PRIMARY), pool.mode(),
                new PoolSnapshot.Clients(clients.active, clients.waiting, cancels, 0), servers,
                slice.longestWaitNanos(nowNanos) / 1_000, shape.max(), shape.min(), shape.reserve(), pins);
    }

    private ServerSnapshot.State stateOf(BackendConnection connection) {
        return switch (connection.state()) {
            case LEASED -> connection.cancelsUnderWay() > 0 ? ServerSnapshot.State.ACTIVE_CANCEL : ServerSnapshot.State.ACTIVE;
            case IDLE -> needsCheck(connection) ? ServerSnapshot.State.USED : ServerSnapshot.State.IDLE;
            case RESETTING -> connection.cancelsUnderWay() > 0 ? ServerSnapshot.State.BEING_CANCELED : ServerSnapshot.State.TESTED;
            case MOVING, CLOSED -> ServerSnapshot.State.TESTED;
        };
    }

    private boolean needsCheck(BackendConnection connection) {
        long checkAfterNanos = connection.slice().shared().settings().timeouts().serverCheckAfter().toNanos();
        return checkAfterNanos > 0 && nowNanos - connection.sinceNanos() >= checkAfterNanos;
    }

    // --- connections

    List<ClientSnapshot> clients() {
        return context.sessions().stream().map(this::client).toList();
    }

    private ClientSnapshot client(ClientSession session) {
        Optional<BackendConnection> backend = session.leasedConnection();
        ClientSnapshot.State state = switch (session.state()) {
            case GREETING -> backend.isPresent() ? ClientSnapshot.State.ACTIVE : ClientSnapshot.State.WAITING;
            case WAITING, SHARING, RESOLVING -> ClientSnapshot.State.WAITING;
            case LEASED, DEPARTED -> ClientSnapshot.State.ACTIVE;
            case IDLE, CLOSED -> ClientSnapshot.State.IDLE;
        };
        ClientIdentity identity = session.identity();
        return new ClientSnapshot(session.id(), identity.user(), identity.database(), replication(session.pool()), state,
                Endpoint.of(session.channel().remoteAddress()), Endpoint.of(session.channel().localAddress()),
                instant(session.connectedNanos()), instant(session.requestNanos()),
                isWaiting(session) ? (nowNanos - session.waitingSinceNanos()) / 1_000 : 0, session.state() == ClientSession.State.DEPARTED,
                backend.map(one -> OptionalLong.of(one.id())).orElse(OptionalLong.empty()), OptionalInt.empty(), tls(session.channel()),
                session.applicationName(), session.preparedStatements(),
                backend.isEmpty() ? Optional.empty() : session.pinnedBy().stream().findFirst().map(PinReason::word));
    }

    /// @param operator a client of the console: linked to nothing, always idle but for the command it asks with
    static ClientSnapshot operator(Reception.Operator operator) {
        ClientIdentity identity = operator.identity();
        return new ClientSnapshot(operator.id(), identity.user(), identity.database(), "none", ClientSnapshot.State.ACTIVE,
                Endpoint.of(operator.channel().remoteAddress()), Endpoint.of(operator.channel().localAddress()),
                operator.connectedAt(), operator.connectedAt(), 0, false, OptionalLong.empty(), OptionalInt.empty(), tls(operator.channel()),
                identity.startupParameters().getOrDefault("application_name", ""), 0, Optional.empty());
    }

    List<ServerSnapshot> servers() {
        var all = new ArrayList<ServerSnapshot>();
        for (var pool : pools) {
            for (var shared : pool.all()) {
                for (var connection : shared.slice(context.index()).connections()) all.add(server(pool, connection));
            }
        }
        return all;
    }

    private ServerSnapshot server(DatabasePool pool, BackendConnection connection) {
        @Nullable ClientSession holder = holders.get(connection);
        return new ServerSnapshot(connection.id(), pool.shared().key().user(), pool.shared().key().database(),
                replication(pool), stateOf(connection),
                Endpoint.of(connection.channel().remoteAddress()), Endpoint.of(connection.channel().localAddress()),
                instant(connection.openedNanos()), instant(holder == null ? connection.sinceNanos() : holder.requestNanos()),
                connection.closesWhenReleased(nowNanos), holder == null ? OptionalLong.empty() : OptionalLong.of(holder.id()),
                connection.greeting().pid(), tls(connection.channel()), holder == null ? "" : holder.applicationName(),
                connection.statements().size());
    }

    private static String replication(DatabasePool pool) {
        return Replication.of(pool.target().startup()).orElse(Replication.NONE).name().toLowerCase(Locale.ROOT);
    }

    private static String tls(Channel channel) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        if (handler == null) return "";
        var session = handler.engine().getSession();
        return session.getProtocol() + "/" + session.getCipherSuite();
    }

    private Instant instant(long nanos) {
        return now.minusNanos(nowNanos - nanos);
    }
}
