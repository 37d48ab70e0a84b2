package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.topology.NodeAddress;

/// Looks at all servers of a cluster and notes in [Sightings] which run of each it saw, in recovery or not: what a standby was like before
/// its promotion is the proof of where it left its timeline. Rarely in quiet times, and often as long as an outcome is open or there
/// is no primary, so that no run of a server goes by unseen.
///
/// Threading: confined to the cluster rooms' thread.
final class NodeWitness {
    static final Duration QUIET = Duration.ofMillis(500);
    static final Duration URGENT = Duration.ofMillis(50);

    private final Supplier<List<NodeAddress>> nodes;
    private final BooleanSupplier urgent;
    private final SqlAsker asker;
    private final Sightings sightings;
    private final ScheduledExecutorService rooms;
    private final LongSupplier nanoTime;
    private final Set<NodeAddress> asked = new HashSet<>();
    private @Nullable ScheduledFuture<?> next;
    private boolean hurries;
    private boolean ended;

    NodeWitness(Supplier<List<NodeAddress>> nodes, BooleanSupplier urgent, SqlAsker asker, Sightings sightings, ScheduledExecutorService rooms, LongSupplier nanoTime) {
        this.nodes = nodes;
        this.urgent = urgent;
        this.asker = asker;
        this.sightings = sightings;
        this.rooms = rooms;
        this.nanoTime = nanoTime;
    }

    void start() {
        rooms.execute(this::look);
    }

    /// It may have become urgent: looks at once, if it does not look often already.
    void hurry() {
        rooms.execute(() -> {
            if (hurries || ended) return;
            if (next != null) next.cancel(false);
            look();
        });
    }

    void end() {
        rooms.execute(() -> ended = true);
    }

    private void look() {
        if (ended) return;
        nodes.get().forEach(this::ask);
        hurries = urgent.getAsBoolean();
        next = rooms.schedule(this::look, (hurries ? URGENT : QUIET).toMillis(), TimeUnit.MILLISECONDS);
    }

    private void ask(NodeAddress node) {
        if (!asked.add(node)) return;
        long askedNanos = nanoTime.getAsLong();
        asker.ask(node, OutcomeQuestions.NODE).whenCompleteAsync((rows, failure) -> {
            asked.remove(node);
            if (failure == null) sightings.seen(OutcomeQuestions.node(node, rows.getFirst()), askedNanos, nanoTime.getAsLong());
            else if (isRefusal(failure)) sightings.refused(node, askedNanos, nanoTime.getAsLong());
        }, rooms);
    }

    static boolean isRefusal(Throwable failure) {
        return failure instanceof SqlAsker.Refused || failure instanceof CompletionException && failure.getCause() instanceof SqlAsker.Refused;
    }
}
