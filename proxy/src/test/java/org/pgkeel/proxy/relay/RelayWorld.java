package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.backend.BackendGreeting;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.pool.BackendBudget;
import org.pgkeel.proxy.pool.LeaseGate;
import org.pgkeel.proxy.pool.PoolKey;
import org.pgkeel.proxy.pool.PoolSettings;
import org.pgkeel.proxy.pool.SharedPool;

/// One backend connection on a channel without a socket, leased to one client.
final class RelayWorld implements AutoCloseable {
    private static final Duration NONE = Duration.ZERO;

    final LoopBuffers buffers = new LoopBuffers(UnpooledByteBufAllocator.DEFAULT);
    final EmbeddedChannel server = new EmbeddedChannel();
    final FakeLessee client = new FakeLessee(buffers);
    final SharedPool<BackendConnection> pool;
    final BackendConnection connection;

    RelayWorld() {
        this(new PoolKey("app", "alice"));
    }

    /// The server is a replica.
    static RelayWorld ofReplica() {
        return new RelayWorld(new PoolKey("app", "alice", Optional.of(new NodeAddress("db1", 5432))));
    }

    private RelayWorld(PoolKey key) {
        var shape = new PoolConfig(PoolMode.TRANSACTION, 1, 0, 0, Duration.ofSeconds(5), Duration.ofSeconds(30));
        var timeouts = new TimeoutsConfig(NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE);
        pool = new SharedPool<>(key, new PoolSettings(shape, timeouts), new BackendBudget(1), List.of(), LeaseGate.alwaysOpen(),
                List.of(server.eventLoop()), _ -> { });
        long now = System.nanoTime();
        pool.slice(0).lease(client, now);
        var greeting = new BackendGreeting(new LinkedHashMap<>(), 1, new byte[4], new NodeAddress("db1", 5432), BackendGreeting.Encryption.NONE, List.of());
        connection = new BackendConnection(1, server, greeting, pool.slice(0), 100, _ -> buffers, now);
        connection.start(Unpooled.EMPTY_BUFFER);
        pool.slice(0).opened(connection, now);
    }

    /// The server says these bytes in one read, as event loops read them: with free bytes in front.
    void says(byte[] bytes, int from, int to) {
        ByteBuf buf = Unpooled.directBuffer(LoopBuffers.HEADROOM_BYTES + to - from);
        buf.setIndex(LoopBuffers.HEADROOM_BYTES, LoopBuffers.HEADROOM_BYTES).writeBytes(bytes, from, to - from);
        server.writeInbound(buf);
        client.got();
    }

    void says(BackendBytes messages) {
        says(messages.bytes(), 0, messages.bytes().length);
    }

    Exchange exchange() {
        return connection.exchange();
    }

    @Override
    public void close() {
        connection.outgoing().finish();
        server.finishAndReleaseAll();
        client.got();
        buffers.release();
    }
}
