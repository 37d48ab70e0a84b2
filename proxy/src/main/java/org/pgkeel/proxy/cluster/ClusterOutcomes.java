package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.outcome.AcknowledgedLedger;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.Evidence;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.OutcomeRules;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.outcome.Step;
import org.pgkeel.failover.outcome.TimelineHistory;
import org.pgkeel.failover.topology.NodeAddress;
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

    private final AtomicReference<Cluster> cluster;
    private final ScheduledExecutorService rooms;
    /// Who was primary since this began: what ran elsewhere did not run here.
    private final Set<NodeAddress> primaries = ConcurrentHashMap.newKeySet();
    private final CommitAsker committer;
    private final OutcomeResolver resolver;
    private final NodeWitness witness;
    private final AcknowledgedLosses<C> losses;

    private ClusterOutcomes(AtomicReference<Cluster> cluster, SqlAsker asker, CommitAsker committer, HistorySource histories, ScheduledExecutorService rooms,
                            LongSupplier nanoTime, Function<C, String> who) {
        this.cluster = cluster;
        this.committer = committer;
        this.rooms = rooms;
        var sightings = new Sightings(BLIND_MAX);
        resolver = new OutcomeResolver(() -> Optional.ofNullable(cluster.get().primary()), asker, committer, histories, sightings, limits(cluster.get()), rooms, nanoTime);
        witness = new NodeWitness(() -> cluster.get().nodes(), () -> resolver.open() > 0 || cluster.get().primary() == null, asker, sightings, rooms, nanoTime);
        losses = new AcknowledgedLosses<>(cluster.get().name(), resolver, this::isOurs, rooms, who);
        listen(cluster.get());
    }

    /// Of a watched cluster, over the proxy's own connections to its servers; begins to look at them.
    ///
    /// @param who `user=... database=... client=...`, for the log
    public static <C> ClusterOutcomes<C> of(Cluster cluster, Function<C, String> who) {
        var now = new AtomicReference<>(cluster);
        var asker = new MonitorAsker(now::get);
        HistorySource patroni = (_, timeline) -> now.get().history().thenApply(json -> TimelineHistory.ofPatroni(timeline, json).filter(_ -> !json.isEmpty()));
        return new ClusterOutcomes<C>(now, asker, new CommitAsker(now::get), HistorySource.firstOf(List.of(HistorySource.ofFiles(asker), patroni)),
                cluster.rooms().loop(), System::nanoTime, who).start();
    }

    private static OutcomeLimits limits(Cluster cluster) {
        return new OutcomeLimits(cluster.config().hold().maxWait(), OutcomeLimits.DEFAULT.maxTransactions(), OutcomeLimits.DEFAULT.historyWait());
    }

    /// After a reload the same servers are watched in other words: what was seen of them, what waits and what was acknowledged goes on.
    public void follow(Cluster instead) {
        cluster.set(instead);
        resolver.limits(limits(instead));
        listen(instead);
        rooms.execute(() -> {
            if (instead.primary() != null) primaryFound(instead.current());
        });
        witness.hurry();
    }

    private void listen(Cluster now) {
        now.addListener(this);
        found(now.current());
    }

    private void found(Reign reign) {
        if (reign.number() > Reign.NONE.number()) primaries.add(reign.address());
    }

    private boolean isOurs(Origin origin) {
        return primaries.contains(origin.node());
    }

    /// Begins to look at the servers. Once.
    private ClusterOutcomes<C> start() {
        witness.start();
        return this;
    }

    /// The outcome of a transaction in flight. It never fails.
    /// @param aliveNanos as in [Outcomes]
    /// @param on where the result is completed
    public CompletionStage<CommitOutcome> resolve(InFlight lost, long aliveNanos, Executor on) {
        boolean needsSurvivor = OutcomeRules.next(lost, Evidence.NONE) instanceof Step.FindSurvivor;
        if (needsSurvivor && !isOurs(lost.origin())) return resolver.decidedAtOnce(new CommitOutcome.Unknown(CommitOutcome.Reason.OTHER_SERVERS), on);
        CompletionStage<CommitOutcome> outcome = resolver.resolve(lost, aliveNanos, on);
        witness.hurry();
        return outcome;
    }

    /// From now on asks this ledger after every change of the primary.
    /// @param loop the event loop that it is confined to
    public void add(AcknowledgedLedger<C> ledger, Executor loop) {
        losses.add(ledger, loop);
    }

    public OutcomeSnapshot snapshot() {
        return resolver.stats().snapshot(cluster.get().name());
    }

    @Override
    public void primaryLost(HoldReason reason) {
        witness.hurry();
    }

    @Override
    public void primaryFound(Reign reign) {
        found(reign);
        resolver.wake();
        losses.survivor(new Origin(reign.address(), reign.timeline(), reign.lifetime()));
    }

    @Override
    public void primaryNotLost(Reign reign) {
        resolver.wake();
    }

    @Override
    public void replicaIsAnother(NodeAddress node) {
        // The witness sees in which run each node is.
    }

    @Override
    public void replicasChanged() {
        // The witness looks at all nodes.
    }

    @Override
    public void close() {
        witness.end();
        committer.end();
    }
}
