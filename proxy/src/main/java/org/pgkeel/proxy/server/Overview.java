package org.pgkeel.proxy.server;

import io.netty.buffer.PooledByteBufAllocator;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.ProductVersion;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.UserConfig;
import org.pgkeel.proxy.observe.DatabaseSnapshot;
import org.pgkeel.proxy.observe.Endpoint;
import org.pgkeel.proxy.observe.MemoryEntry;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.UserSnapshot;
import org.pgkeel.proxy.session.DatabasePool;
import org.pgkeel.proxy.session.Pools;
import org.pgkeel.proxy.tls.Expiry;

/// What can be said of the whole proxy without asking its event loops.
///
/// Threading: immutable; what it reads is shared.
final class Overview {
    private final ProxyServer server;
    private final Instant startedAt;

    Overview(ProxyServer server, Instant startedAt) {
        this.server = server;
        this.startedAt = startedAt;
    }

    /// The configured databases, and those that the wildcard serves right now.
    List<DatabaseSnapshot> databases() {
        ProxyConfig config = server.config();
        var names = new LinkedHashSet<String>();
        config.databases().stream().filter(database -> !database.isWildcard()).map(DatabaseConfig::name).forEach(names::add);
        server.pools().all().forEach(pool -> names.add(pool.shared().key().database()));
        return names.stream().flatMap(name -> Pools.database(config, name).map(database -> database(config, name, database)).stream()).toList();
    }

    private DatabaseSnapshot database(ProxyConfig config, String name, DatabaseConfig database) {
        Optional<NodeAddress> primary = Optional.ofNullable(server.clusters().get(database.cluster()).primary());
        return new DatabaseSnapshot(name, primary.map(Overview::endpoint), database.backendName().orElse(name), database.backendUser(),
                database.pool().max(), database.pool().min(), database.pool().reserve(), config.timeouts().serverLifetime(),
                database.pool().mode(), database.maxBackends(), server.pools().serversOfDatabase(name),
                database.maxClients(), server.admission().clientsOfDatabase(name),
                server.pools().isPaused(name), server.reception().disabled().contains(name));
    }

    private static Endpoint endpoint(NodeAddress node) {
        return node.isUnixSocket() ? Endpoint.UNIX : new Endpoint(node.host(), node.port());
    }

    /// The users with settings of their own, and those that use a pool.
    List<UserSnapshot> users() {
        ProxyConfig config = server.config();
        var names = new LinkedHashSet<>(config.users().keySet());
        server.pools().all().forEach(pool -> names.add(pool.shared().key().user()));
        return names.stream().map(name -> {
            Optional<UserConfig> own = Optional.ofNullable(config.users().get(name));
            return new UserSnapshot(name, own.map(UserConfig::poolMax).orElse(OptionalInt.empty()), OptionalInt.empty(),
                    own.flatMap(UserConfig::poolMode), own.map(UserConfig::maxBackends).orElse(OptionalInt.empty()),
                    server.pools().serversOfUser(name), own.map(UserConfig::maxClients).orElse(OptionalInt.empty()),
                    server.admission().clientsOfUser(name));
        }).toList();
    }

    ProxySnapshot proxy() {
        var pools = server.pools().all();
        ProxySnapshot.State state = server.isDraining() ? ProxySnapshot.State.DRAINING
                : server.pools().allPaused() ? ProxySnapshot.State.PAUSED : ProxySnapshot.State.ACTIVE;
        return new ProxySnapshot(state, ProductVersion.pgkeel(), startedAt, databases().size(), users().size(), pools.size(),
                server.admission().clients() + server.reception().operators().size(), server.pendingLogins().count(),
                server.config().limits().clients(), pools.stream().mapToInt(DatabasePool::open).sum(),
                certificates());
    }

    private Map<String, Duration> certificates() {
        Instant now = Instant.now();
        return server.certificates().stream().collect(Collectors.toMap(Expiry::key, expiry -> Duration.between(now, expiry.at())));
    }

    /// @param statements     texts in the statement caches of all event loops
    /// @param statementBytes what they take
    static List<MemoryEntry> memory(long statements, long statementBytes) {
        var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        var buffers = PooledByteBufAllocator.DEFAULT.metric();
        long directBytes = buffers.usedDirectMemory();
        long usedBytes = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
        return List.of(
                new MemoryEntry("heap", 1, heap.getUsed(), heap.getCommitted() - heap.getUsed(), heap.getCommitted()),
                new MemoryEntry("direct_buffers", 1, usedBytes, directBytes - usedBytes, directBytes),
                new MemoryEntry("heap_buffers", 1, buffers.usedHeapMemory(), 0, buffers.usedHeapMemory()),
                new MemoryEntry("cached_statements", statements == 0 ? 0 : statementBytes / statements, statements, 0, statementBytes));
    }
}
