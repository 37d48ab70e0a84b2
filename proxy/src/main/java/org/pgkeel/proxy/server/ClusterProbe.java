package org.pgkeel.proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.session.BackendOpener;
import org.pgkeel.proxy.session.BackendOpener.Reachability;

/// Whether clusters can be reached. What the pools' own attempts found counts while it is fresh and bad; else a socket is
/// opened to each node and closed again, which PostgreSQL does not log. At most once a second and cluster, however often
/// load balancers ask.
///
/// Threading: shared; concurrent maps.
final class ClusterProbe {
    private static final Duration ATTEMPT_FRESH = Duration.ofSeconds(10);
    private static final Duration ANSWER_FRESH = Duration.ofSeconds(1);
    private static final Duration CONNECT_PATIENCE = Duration.ofMillis(900);

    private record Asked(CompletableFuture<Boolean> answer, long atNanos) {}

    private final BackendOpener opener;
    private final Map<Cluster, Asked> asked = new ConcurrentHashMap<>();

    ClusterProbe(BackendOpener opener) {
        this.opener = opener;
    }

    /// @return whether at least one of its nodes could be reached lately
    CompletableFuture<Boolean> reachable(Cluster cluster) {
        if (opener.reachability(cluster.name(), ATTEMPT_FRESH).equals(java.util.Optional.of(Reachability.NOT_REACHED))) {
            return CompletableFuture.completedFuture(false);
        }
        long now = System.nanoTime();
        return asked.compute(cluster, (_, last) -> last != null && now - last.atNanos < ANSWER_FRESH.toNanos() ? last
                : new Asked(anyConnects(cluster.nodes()), now)).answer;
    }

    /// Clusters that are no longer configured need no memory.
    void reload(Collection<Cluster> clusters) {
        asked.keySet().retainAll(clusters);
    }

    private static CompletableFuture<Boolean> anyConnects(List<NodeAddress> nodes) {
        List<CompletableFuture<Boolean>> each = nodes.stream().map(node -> async(() -> connects(node))).toList();
        var any = CompletableFuture.allOf(each.toArray(CompletableFuture[]::new))
                .thenApply(_ -> each.stream().anyMatch(CompletableFuture::join));
        each.forEach(one -> one.thenAccept(yes -> {
            if (yes) any.complete(true);
        }));
        return any.completeOnTimeout(false, CONNECT_PATIENCE.toMillis() + 100, TimeUnit.MILLISECONDS);
    }

    private static CompletableFuture<Boolean> async(BooleanSupplier question) {
        var answer = new CompletableFuture<Boolean>();
        Thread.ofVirtual().name("pgkeel-probe").start(() -> answer.complete(question.getAsBoolean()));
        return answer;
    }

    private static boolean connects(NodeAddress node) {
        try {
            if (node.isUnixSocket()) {
                SocketChannel.open(UnixDomainSocketAddress.of(Path.of(node.host(), ".s.PGSQL." + node.port()))).close();
            } else {
                try (var socket = new Socket()) {
                    socket.connect(new InetSocketAddress(node.host(), node.port()), (int) CONNECT_PATIENCE.toMillis());
                }
            }
            return true;
        } catch (IOException | RuntimeException notNow) {
            return false;
        }
    }
}
