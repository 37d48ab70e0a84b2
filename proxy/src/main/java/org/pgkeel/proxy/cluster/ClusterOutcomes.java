package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.outcome.AcknowledgedLedger;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.outcome.TimelineHistory;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.proxy.observe.OutcomeSnapshot;

/// All about outcomes in one cluster: looks at its servers, resolves what was in flight, and names what was acknowledged and lost.
///
/// Threading: shared; its parts say theirs.
///
/// @param <C> what stands for a client that is told
public final class ClusterOutcomes<C> implements ClusterListener, AutoCloseable {
    /// Within this time no server crashes, recovers, takes writes, and crashes again. Three looks of the witness in quiet times.
    static final Duration BLIND_MAX = NodeWitness.QUIET.multipliedBy(3);

    private final Cluster cluster;
    private final SqlAsker committer;
    private final OutcomeResolver resolver;
    private final NodeWitness witness;
    private final AcknowledgedLosses<C> losses;

    /// @param committer asks what waits for synchronous standbys: on connections of its own
    /// @param rooms     the one thread of the cluster rooms
    /// @param who       `user=... database=... client=...`, for the log
    public ClusterOutcomes(Cluster cluster, SqlAsker asker, SqlAsker committer, HistorySource histories, OutcomeLimits limits, ScheduledExecutorService rooms,
                           LongSupplier nanoTime, Function<C, String> who) {
        this.cluster = cluster;
        this.committer = committer;
        var sightings = new Sightings(BLIND_MAX);
        resolver = new OutcomeResolver(() -> Optional.ofNullable(cluster.primary()), asker, committer, histories, sightings, limits, rooms, nanoTime);
        witness = new NodeWitness(cluster::nodes, () -> resolver.open() > 0 || cluster.primary() == null, asker, sightings, rooms, nanoTime);
        losses = new AcknowledgedLosses<>(cluster.name(), resolver, rooms, who);
        cluster.addListener(this);
    }

    /// Of a watched cluster, over the proxy's own connections to its servers; begins to look at them.
    ///
    /// @param who `user=... database=... client=...`, for the log
    public static <C> ClusterOutcomes<C> of(Cluster cluster, Function<C, String> who) {
        var asker = new MonitorAsker(cluster);
        HistorySource patroni = (_, timeline) -> cluster.history().thenApply(json -> TimelineHistory.ofPatroni(timeline, json).filter(_ -> !json.isEmpty()));
        var limits = new OutcomeLimits(cluster.config().hold().maxWait(), OutcomeLimits.DEFAULT.maxTransactions(), OutcomeLimits.DEFAULT.historyWait());
        return new ClusterOutcomes<C>(cluster, asker, new CommitAsker(cluster), HistorySource.firstOf(List.of(HistorySource.ofFiles(asker), patroni)),
                limits, cluster.rooms().loop(), System::nanoTime, who).start();
    }

    /// Begins to look at the servers. Once.
    public ClusterOutcomes<C> start() {
        witness.start();
        return this;
    }

    /// The outcome of a transaction in flight. It never fails.
    /// @param on where the result is completed
    public CompletionStage<CommitOutcome> resolve(InFlight lost, Executor on) {
        return resolver.resolve(lost, on);
    }

    /// From now on asks this ledger after every change of the primary.
    /// @param loop the event loop that it is confined to
    public void add(AcknowledgedLedger<C> ledger, Executor loop) {
        losses.add(ledger, loop);
    }

    public OutcomeSnapshot snapshot() {
        return resolver.stats().snapshot(cluster.name());
    }

    @Override
    public void primaryLost(HoldReason reason) {
        // The witness notices by itself.
    }

    @Override
    public void primaryFound(Reign reign) {
        resolver.wake();
        losses.survivor(new Origin(reign.address(), reign.timeline(), reign.lifetime()));
    }

    @Override
    public void primaryNotLost(Reign reign) {
        resolver.wake();
    }

    @Override
    public void replicasChanged() {
        // The witness looks at all nodes.
    }

    @Override
    public void close() {
        witness.end();
        if (committer instanceof CommitAsker own) own.end();
    }
}
