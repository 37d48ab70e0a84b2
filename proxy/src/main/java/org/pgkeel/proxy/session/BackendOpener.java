package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.pgkeel.proxy.backend.BackendConnector;
import org.pgkeel.proxy.backend.BackendFailure;
import org.pgkeel.proxy.backend.BackendGreeting;
import org.pgkeel.proxy.backend.BackendListener;
import org.pgkeel.proxy.backend.BackendTarget;
import org.pgkeel.proxy.config.LimitsConfig;
import org.pgkeel.proxy.config.NodeAddress;
import org.pgkeel.proxy.config.PreparedConfig;
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

/// Opens backend connections for pools. Of a cluster's nodes it takes the one that is not in recovery: the one that was
/// right last time is asked first, then the others in the order of the configuration.
///
/// Threading: shared, concurrent maps; each attempt is confined to its slice's event loop.
public final class BackendOpener implements Opener<BackendConnection> {
    private static final Logger log = LoggerFactory.getLogger(BackendOpener.class);

    private final BackendConnector connector;
    private final Function<String, BackendTls> tlsOf;
    private final Function<EventLoop, LoopBuffers> buffersOf;
    private final int statementsMax;
    private final WriteBufferWaterMark waterMark;
    private final Map<SharedPool<BackendConnection>, DatabasePool> pools = new ConcurrentHashMap<>();
    private final Map<String, NodeAddress> primaries = new ConcurrentHashMap<>();
    private final Map<String, Reachability> reachable = new ConcurrentHashMap<>();

    /// Whether the last attempt to reach a cluster's primary succeeded.
    public enum Reachability { REACHED, NOT_REACHED }

    /// @param tlsOf TLS towards a cluster, by its name
    public BackendOpener(BackendConnector connector, Function<String, BackendTls> tlsOf, Function<EventLoop, LoopBuffers> buffersOf,
                         PreparedConfig prepared, LimitsConfig limits) {
        this.connector = connector;
        this.tlsOf = tlsOf;
        this.buffersOf = buffersOf;
        this.statementsMax = prepared.perBackend();
        this.waterMark = new WriteBufferWaterMark(limits.backendBufferBytes() / 2, limits.backendBufferBytes());
    }

    void serves(SharedPool<BackendConnection> shared, DatabasePool pool) {
        pools.put(shared, pool);
    }

    void servesNoMore(SharedPool<BackendConnection> shared) {
        pools.remove(shared);
    }

    /// The node that was a cluster's primary when it was asked last.
    public Map<String, NodeAddress> primaries() {
        return Map.copyOf(primaries);
    }

    /// By cluster; one that nobody has asked for is not there.
    public Map<String, Reachability> reachability() {
        return Map.copyOf(reachable);
    }

    @Override
    public void open(PoolSlice<BackendConnection> slice) {
        DatabasePool pool = pools.get(slice.shared());
        DatabasePool.Target target = pool.target();
        var nodes = new ArrayList<>(target.cluster().nodes());
        NodeAddress last = primaries.get(target.cluster().name());
        if (last != null && nodes.remove(last)) nodes.addFirst(last);
        // Later: whoever waits must have begun to wait before it hears of a failure.
        slice.eventLoop().execute(new Attempt(slice, pool, target, nodes)::next);
    }

    /// One after the other, until a node is the primary.
    private final class Attempt implements BackendListener {
        private final PoolSlice<BackendConnection> slice;
        private final DatabasePool pool;
        private final DatabasePool.Target target;
        private final List<NodeAddress> nodes;
        private int asked;
        private Refusal why = Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "no node");

        Attempt(PoolSlice<BackendConnection> slice, DatabasePool pool, DatabasePool.Target target, List<NodeAddress> nodes) {
            this.slice = slice;
            this.pool = pool;
            this.target = target;
            this.nodes = nodes;
        }

        void next() {
            connector.connect(slice.eventLoop(), new BackendTarget(nodes.get(asked++), target.backendDatabase(), target.backendUser(),
                    target.credential(), tlsOf.apply(target.cluster().name()), target.startup(),
                    slice.shared().settings().timeouts().serverConnect()), this);
        }

        @Override
        public void connected(Channel channel, BackendGreeting greeting, ByteBuf early) {
            if (nodes.size() > 1 && "on".equals(greeting.parameterStatus().get("in_hot_standby"))) {
                early.release();
                channel.close();
                why = Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "no node of cluster \"" + target.cluster().name() + "\" is the primary: "
                        + greeting.address() + " is in recovery");
                onwards(false);
                return;
            }
            pool.greetedWith(greeting.parameterStatus());
            channel.config().setWriteBufferWaterMark(waterMark);
            primaries.put(target.cluster().name(), greeting.address());
            reachable.put(target.cluster().name(), Reachability.REACHED);
            long now = System.nanoTime();
            var connection = new BackendConnection(channel, greeting, slice, statementsMax, buffersOf, now);
            connection.start(early);
            slice.opened(connection, now);
        }

        @Override
        public void failed(BackendFailure failure) {
            log.warn("backend {} for database {}, user {}: {}", nodes.get(asked - 1), target.backendDatabase(), target.backendUser(), failure.text());
            why = refusal(failure);
            onwards(isForGood(failure));
        }

        private void onwards(boolean forGood) {
            if (!forGood && asked < nodes.size()) {
                next();
            } else {
                if (!forGood) reachable.put(target.cluster().name(), Reachability.NOT_REACHED);
                slice.openFailed(why, forGood, System.nanoTime());
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
