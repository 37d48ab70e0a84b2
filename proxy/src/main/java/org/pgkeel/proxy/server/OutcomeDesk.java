package org.pgkeel.proxy.server;

import io.netty.channel.EventLoop;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.pgkeel.failover.outcome.AcknowledgedLedger;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.ClusterOutcomes;
import org.pgkeel.proxy.config.OutcomeMode;
import org.pgkeel.proxy.observe.OutcomeSnapshot;
import org.pgkeel.proxy.cluster.Outcomes;

/// Finds out for sessions what became of their transactions: the [ClusterOutcomes] of every cluster that is watched, with a ledger of
/// what was acknowledged for each event loop.
///
/// Threading: shared, a concurrent map; each ledger is confined to its event loop.
final class OutcomeDesk implements Outcomes, AutoCloseable {
    private static final int LEDGER_ENTRIES = 1 << 16;
    private static final long LEDGER_NANOS = 10_000_000_000L;

    private record Of(Cluster cluster, ClusterOutcomes<Client> outcomes, List<AcknowledgedLedger<Client>> ledgers) {}

    private final List<EventLoop> loops;
    /// By the cluster's name.
    private final Map<String, Of> clusters = new ConcurrentHashMap<>();

    OutcomeDesk(List<EventLoop> loops) {
        this.loops = loops;
    }

    /// These are the clusters now. Their pools follow them already: what a lost primary acknowledges is on the books before they are read.
    void follow(Collection<Cluster> now) {
        Map<String, Cluster> byName = now.stream().collect(Collectors.toMap(Cluster::name, each -> each));
        clusters.values().forEach(of -> {
            Cluster instead = byName.get(of.cluster.name());
            if (instead == of.cluster) return;
            if (instead != null && instead.isWatched() && instead.continues(of.cluster)) {
                of.outcomes.follow(instead);
                clusters.put(instead.name(), new Of(instead, of.outcomes, of.ledgers));
            } else {
                clusters.remove(of.cluster.name());
                of.outcomes.close();
            }
        });
        for (Cluster cluster : now) {
            if (cluster.isWatched() && cluster.config().outcome() != OutcomeMode.OFF) clusters.computeIfAbsent(cluster.name(), _ -> open(cluster));
        }
    }

    private Of open(Cluster cluster) {
        ClusterOutcomes<Client> outcomes = ClusterOutcomes.of(cluster, client -> "user=" + client.user() + " database=" + client.database() + " client=" + client.address());
        var ledgers = loops.stream().map(loop -> {
            var ledger = new AcknowledgedLedger<Client>(LEDGER_ENTRIES, LEDGER_NANOS);
            outcomes.add(ledger, loop);
            return ledger;
        }).toList();
        return new Of(cluster, outcomes, ledgers);
    }

    List<OutcomeSnapshot> snapshots() {
        return clusters.values().stream().map(of -> of.outcomes.snapshot()).toList();
    }

    @Override
    public CompletionStage<CommitOutcome> resolve(Cluster cluster, InFlight lost, long aliveNanos, Executor on) {
        Of of = clusters.get(cluster.name());
        if (of != null) return of.outcomes.resolve(lost, aliveNanos, on);
        return CompletableFuture.supplyAsync(() -> new CommitOutcome.Unknown(CommitOutcome.Reason.NO_ANSWER_IN_TIME), on);
    }

    @Override
    public void acknowledged(Cluster cluster, int loop, TransactionMark mark, Origin origin, Client client, long nowNanos) {
        Of of = clusters.get(cluster.name());
        if (of != null) of.ledgers.get(loop).add(mark, origin, client, nowNanos);
    }

    @Override
    public void close() {
        follow(List.of());
    }
}
