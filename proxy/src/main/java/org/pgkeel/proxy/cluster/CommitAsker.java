package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.pgkeel.failover.topology.NodeAddress;

/// Asks what waits for synchronous standbys, on connections of its own: on those of the watch it would keep everybody waiting.
/// Threading: shared; its connections are confined to the cluster rooms.
final class CommitAsker implements SqlAsker {
    /// A connect included.
    private static final Duration ANSWER_MAX = OutcomeResolver.CONFIRM_MAX;
    private static final Duration CONNECT_MAX = Duration.ofSeconds(2);

    private final Supplier<Cluster> cluster;
    private final Map<NodeAddress, SideConnection> connections = new HashMap<>();

    /// @param cluster a reload may put another in its place
    CommitAsker(Supplier<Cluster> cluster) {
        this.cluster = cluster;
    }

    @Override
    public CompletionStage<List<List<String>>> ask(NodeAddress node, String sql) {
        var answer = new CompletableFuture<List<List<String>>>();
        try {
            cluster.get().rooms().loop().execute(() -> connections.computeIfAbsent(node, this::connection).query(sql, ANSWER_MAX).whenComplete((rows, failure) -> {
                if (failure == null) answer.complete(rows);
                else answer.completeExceptionally(failure);
            }));
        } catch (RejectedExecutionException shuttingDown) {
            answer.completeExceptionally(shuttingDown);
        }
        return answer;
    }

    private SideConnection connection(NodeAddress node) {
        Rooms rooms = cluster.get().rooms();
        return new SideConnection(rooms.loop(), rooms.connector(), node, () -> Members.target(cluster.get().config(), rooms, node, CONNECT_MAX), ANSWER_MAX, _ -> { });
    }

    void end() {
        try {
            cluster.get().rooms().loop().execute(() -> connections.values().forEach(SideConnection::end));
        } catch (RejectedExecutionException shuttingDown) {
            // They end with their loop.
        }
    }
}
