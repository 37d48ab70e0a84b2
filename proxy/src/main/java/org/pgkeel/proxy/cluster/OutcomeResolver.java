package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.CommitOutcome.Reason;
import org.pgkeel.failover.outcome.CommitOutcome.Unknown;
import org.pgkeel.failover.outcome.Descent;
import org.pgkeel.failover.outcome.Evidence;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.NodeAnswer;
import org.pgkeel.failover.outcome.NodeAnswer.Standby;
import org.pgkeel.failover.outcome.NodeAnswer.Writable;
import org.pgkeel.failover.outcome.OutcomeRules;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.outcome.Step;
import org.pgkeel.failover.outcome.TimelineHistory;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.failover.outcome.XactStatus;
import org.pgkeel.failover.topology.NodeAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds out what became of transactions whose server was lost: waits for the surviving primary, asks it for many at once, and
/// lets [OutcomeRules] decide.
///
/// Threading: [#resolve] and [#check] may be called from any thread; all else is confined to the cluster rooms' thread. Nothing blocks.
public final class OutcomeResolver {
    private static final Logger log = LoggerFactory.getLogger(OutcomeResolver.class);
    private static final int ASKED_AT_ONCE_MAX = 1000;
    private static final Duration TICK = Duration.ofMillis(25);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(2);
    static final Duration CONFIRM_MAX = Duration.ofSeconds(10);
    private static final Duration HISTORY_RETRY = Duration.ofMillis(250);
    /// How long a transaction may go on after its connection was lost before its backend is ended.
    private static final Duration END_BACKEND_AFTER = Duration.ofMillis(200);
    private static final Duration END_BACKEND_AGAIN = Duration.ofSeconds(1);

    /// What the answer is for.
    private enum Purpose { OUTCOME, ACKNOWLEDGED }

    private static final class Waiting {
        final InFlight lost;
        final TransactionMark mark;
        final Purpose purpose;
        final CompletableFuture<CommitOutcome> promise = new CompletableFuture<>();
        final Executor on;
        final long sinceNanos;
        Reason hindrance = Reason.NO_PRIMARY_IN_TIME;
        long runsSinceNanos = Long.MAX_VALUE;
        /// Since then its backend is known to be gone.
        long goneSinceNanos = Long.MAX_VALUE;

        Waiting(InFlight lost, TransactionMark mark, Purpose purpose, Executor on, long sinceNanos) {
            this.lost = lost;
            this.mark = mark;
            this.purpose = purpose;
            this.on = on;
            this.sinceNanos = sinceNanos;
        }
    }

    private final Supplier<Optional<NodeAddress>> primary;
    private final SqlAsker asker;
    private final SqlAsker committer;
    private final HistorySource histories;
    private final Sightings sightings;
    private volatile OutcomeLimits limits;
    private final ScheduledExecutorService rooms;
    private final LongSupplier nanoTime;
    private final OutcomeStats stats = new OutcomeStats();
    private final AtomicInteger open = new AtomicInteger();

    private final Set<Waiting> waiting = new LinkedHashSet<>();
    private final Set<Waiting> unconfirmed = new LinkedHashSet<>();
    private final Map<Integer, TimelineHistory> known = new HashMap<>();
    private boolean asking;
    private boolean confirming;
    private boolean ticking;
    private long historyAskedNanos;
    private boolean historyAsked;
    private @Nullable NodeAnswer survivor;
    private long survivorSinceNanos;

    /// @param primary   who takes writes now, if anybody surely does
    /// @param committer asks what waits for synchronous standbys: on connections of its own, for the answer may take its time
    /// @param rooms     the one thread of the cluster rooms
    public OutcomeResolver(Supplier<Optional<NodeAddress>> primary, SqlAsker asker, SqlAsker committer, HistorySource histories, Sightings sightings,
                           OutcomeLimits limits, ScheduledExecutorService rooms, LongSupplier nanoTime) {
        this.primary = primary;
        this.asker = asker;
        this.committer = committer;
        this.histories = histories;
        this.sightings = sightings;
        this.limits = limits;
        this.rooms = rooms;
        this.nanoTime = nanoTime;
    }

    /// A reload changed them.
    void limits(OutcomeLimits changed) {
        limits = changed;
    }

    OutcomeStats stats() {
        return stats;
    }

    /// How many transactions wait for their outcome.
    public int open() {
        return open.get();
    }

    /// The outcome of a transaction in flight. It never fails.
    /// @param aliveNanos when its server lived for sure
    /// @param on         where the result is completed: the event loop of who asks
    public CompletionStage<CommitOutcome> resolve(InFlight lost, long aliveNanos, Executor on) {
        if (lost.probe() instanceof Probe.Answered) sightings.alive(lost.origin(), aliveNanos);
        return start(lost, Purpose.OUTCOME, on);
    }

    /// Whether a transaction whose success its client was told is in the surviving history; committed if it is.
    CompletionStage<CommitOutcome> check(InFlight acknowledged) {
        return start(acknowledged, Purpose.ACKNOWLEDGED, Runnable::run);
    }

    private CompletionStage<CommitOutcome> start(InFlight lost, Purpose purpose, Executor on) {
        long now = nanoTime.getAsLong();
        if (OutcomeRules.next(lost, Evidence.NONE) instanceof Step.Decided(CommitOutcome outcome)) return decidedAtOnce(outcome, on);
        if (!(lost.probe() instanceof Probe.Answered(Optional<TransactionMark> mark)) || mark.isEmpty()) throw new IllegalStateException("undecided without a mark");
        var one = new Waiting(lost, mark.get(), purpose, on, now);
        if (purpose == Purpose.OUTCOME && open.incrementAndGet() > limits.maxTransactions()) {
            open.decrementAndGet();
            return decidedAtOnce(new Unknown(Reason.TOO_MANY), on);
        }
        rooms.execute(() -> {
            waiting.add(one);
            goOn();
        });
        return one.promise;
    }

    /// Nobody has to be asked.
    CompletionStage<CommitOutcome> decidedAtOnce(CommitOutcome outcome, Executor on) {
        stats.resolved(outcome, 0);
        return CompletableFuture.supplyAsync(() -> outcome, on);
    }

    /// Something may have changed, a primary may have been found: looks at once. On the cluster rooms' thread.
    void wake() {
        expire();
        if (!unconfirmed.isEmpty() && primary.get().filter(now -> survivor != null && !now.equals(survivor.node())).isPresent()) {
            waiting.addAll(unconfirmed);   // Their server is not the primary any more.
            unconfirmed.clear();
        }
        goOn();
    }

    /// Costs the same however many wait: thousands may come at once.
    private void goOn() {
        stats.open(open.get());
        if (!asking && !waiting.isEmpty()) primary.get().ifPresent(this::ask);
        tickSoon();
    }

    private void tickSoon() {
        if (ticking || waiting.isEmpty() && unconfirmed.isEmpty()) return;
        ticking = true;
        rooms.schedule(this::tick, TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void tick() {
        ticking = false;
        wake();
    }

    private void expire() {
        long now = nanoTime.getAsLong();
        for (Set<Waiting> all : List.of(waiting, unconfirmed)) {
            for (Iterator<Waiting> each = all.iterator(); each.hasNext(); ) {
                Waiting one = each.next();
                if (now - one.sinceNanos < limits.maxWait().toNanos()) continue;
                each.remove();
                decide(one, new Unknown(one.hindrance));
            }
        }
    }

    // --- asking the survivor

    private void ask(NodeAddress node) {
        List<Waiting> asked = firstToAsk();
        asking = true;
        long askedNanos = nanoTime.getAsLong();
        asker.ask(node, OutcomeQuestions.statuses(asked.stream().map(one -> one.mark.xid()).toList())).toCompletableFuture()
                .orTimeout(ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .whenCompleteAsync((rows, failure) -> {
                    asking = false;
                    if (failure != null) asked.forEach(one -> one.hindrance = Reason.NO_ANSWER_IN_TIME);
                    else handle(node, asked, rows, askedNanos);
                }, rooms);
    }

    private void handle(NodeAddress node, List<Waiting> asked, List<List<String>> rows, long askedNanos) {
        try {
            answered(node, asked, rows, askedNanos);
        } catch (IllegalArgumentException nonsense) {
            asked.forEach(one -> one.hindrance = Reason.NO_ANSWER_IN_TIME);
            log.warn("outcomes: {} gave an answer that cannot be read: {}", node, nonsense.getMessage());
        } catch (RuntimeException | Error bug) {
            log.error("outcomes: an answer of {} could not be handled", node, bug);
        }
        if (!waiting.isEmpty() && asked.stream().noneMatch(waiting::contains)) wake();
    }

    /// Clients that wait come first; those that have been asked for go to the end.
    private List<Waiting> firstToAsk() {
        var first = new ArrayList<Waiting>();
        for (Purpose purpose : Purpose.values()) {
            for (Waiting one : waiting) if (one.purpose == purpose && first.size() < ASKED_AT_ONCE_MAX) first.add(one);
        }
        first.forEach(one -> {
            waiting.remove(one);
            waiting.add(one);
        });
        return first;
    }

    private void answered(NodeAddress node, List<Waiting> asked, List<List<String>> rows, long askedNanos) {
        List<XactStatus> statuses = OutcomeQuestions.answers(rows);
        if (rows.isEmpty()) throw new IllegalArgumentException("no rows");
        NodeAnswer answer = OutcomeQuestions.node(node, rows.getFirst());
        if (statuses.size() != asked.size()) throw new IllegalArgumentException(statuses.size() + " statuses for " + asked.size() + " transactions");
        sightings.seen(answer, askedNanos, nanoTime.getAsLong());
        if (!Optional.of(node).equals(primary.get())) return;
        switch (answer.role()) {
            case Standby _ -> { }
            case Writable now -> {
                noteSurvivor(answer);
                for (int i = 0; i < asked.size(); i++) if (waiting.contains(asked.get(i))) judge(asked.get(i), answer, now, statuses.get(i), askedNanos);
                confirm(node);
            }
        }
    }

    private void noteSurvivor(NodeAnswer answer) {
        if (answer.equals(survivor)) return;
        survivor = answer;
        survivorSinceNanos = nanoTime.getAsLong();
        historyAsked = false;
        known.clear();   // Another server's timeline of the same number has another history.
    }

    private void judge(Waiting one, NodeAnswer answer, Writable now, XactStatus status, long askedNanos) {
        Optional<TimelineHistory> history = Optional.ofNullable(known.get(now.timeline()));
        Descent descent = sightings.descent(one.lost.origin(), answer.node(), answer.lifetime(), now, history);
        Evidence.Backend backend = one.goneSinceNanos <= askedNanos ? Evidence.Backend.GONE : Evidence.Backend.MAY_RUN;
        switch (OutcomeRules.next(one.lost, Evidence.of(descent).with(status).with(backend))) {
            case Step.Decided(Unknown(var why)) when why == Reason.NO_SWITCH_POINT && history.isEmpty() && historyMayCome() -> {
                one.hindrance = why;
                askHistory(answer.node(), now.timeline());
            }
            case Step.Decided(var outcome) -> done(one, outcome);
            case Step.AskAgain _ -> stillRuns(one, answer.node());
            case Step.ConfirmReplication _ when one.purpose == Purpose.ACKNOWLEDGED -> done(one, new CommitOutcome.Committed(Reason.STATUS));
            case Step.ConfirmReplication _ -> {
                waiting.remove(one);
                one.hindrance = Reason.NOT_REPLICATED_IN_TIME;
                unconfirmed.add(one);
            }
            case Step.FindSurvivor _, Step.AskStatus _ -> throw new IllegalStateException("asked for what was told");
        }
    }

    private void stillRuns(Waiting one, NodeAddress node) {
        long now = nanoTime.getAsLong();
        one.hindrance = Reason.STILL_IN_PROGRESS;
        if (one.runsSinceNanos == Long.MAX_VALUE) one.runsSinceNanos = now;
        if (now - one.runsSinceNanos < END_BACKEND_AFTER.toNanos() || one.lost.backendPid() == 0) return;
        one.runsSinceNanos = now + END_BACKEND_AGAIN.toNanos();
        if (one.lost.work() == Work.COMMIT_PREPARED || one.lost.work() == Work.ROLLBACK_PREPARED) lookForBackend(one, node);
        else endBackend(one, node);
    }

    /// It has no xid to be known by, so it is not ended: it finds by itself that its client is gone.
    private void lookForBackend(Waiting one, NodeAddress node) {
        asker.ask(node, OutcomeQuestions.backend(one.lost)).whenCompleteAsync((rows, failure) -> {
            if (failure == null && OutcomeQuestions.isGone(one.lost, rows)) one.goneSinceNanos = nanoTime.getAsLong();
        }, rooms);
    }

    private void endBackend(Waiting one, NodeAddress node) {
        asker.ask(node, OutcomeQuestions.terminate(one.lost, one.mark)).exceptionally(failure -> {
            log.info("outcomes: {} at {} is still in progress, and its backend {} could not be ended: {}", one.mark, node, one.lost.backendPid(), failure.toString());
            return List.of();
        });
    }

    // --- the history of the survivor's timeline

    private boolean historyMayCome() {
        return nanoTime.getAsLong() - survivorSinceNanos < limits.historyWait().toNanos();
    }

    private void askHistory(NodeAddress node, int timeline) {
        long now = nanoTime.getAsLong();
        if (historyAsked && now - historyAskedNanos < HISTORY_RETRY.toNanos()) return;
        historyAsked = true;
        historyAskedNanos = now;
        NodeAnswer asked = survivor;
        histories.history(node, timeline).whenCompleteAsync((history, failure) -> {
            if (failure != null || history.isEmpty() || asked == null || !asked.equals(survivor)) return;
            known.clear();
            known.put(timeline, history.get());
            wake();
        }, rooms);
    }

    // --- the synchronous standbys

    /// Those that are there when the commit is asked for are confirmed by it, if it ran in the same life of the server, and that is the primary still.
    private void confirm(NodeAddress node) {
        if (confirming || unconfirmed.isEmpty() || survivor == null) return;
        NodeAnswer asked = survivor;
        var these = List.copyOf(unconfirmed);
        confirming = true;
        committer.ask(node, OutcomeQuestions.commitEverywhere(CONFIRM_MAX)).toCompletableFuture().orTimeout(CONFIRM_MAX.toMillis(), TimeUnit.MILLISECONDS).whenCompleteAsync((rows, failure) -> {
            confirming = false;
            boolean same = failure == null && Optional.of(node).equals(primary.get()) && !rows.isEmpty() && rows.getLast().size() > 1 && OutcomeQuestions.lifetime(rows.getLast(), 0).equals(asked.lifetime());
            for (Waiting one : these) {
                if (!unconfirmed.remove(one)) continue;
                if (same) decide(one, new CommitOutcome.Committed(Reason.STATUS));
                else waiting.add(one);   // Ask again, whoever is the primary now.
            }
            if (!same) {
                tickSoon();   // At once it would fail again, as without a connection.
                return;
            }
            confirm(node);   // Those that came meanwhile.
            wake();
        }, rooms);
    }

    private void done(Waiting one, CommitOutcome outcome) {
        waiting.remove(one);
        decide(one, outcome);
    }

    private void decide(Waiting one, CommitOutcome outcome) {
        if (one.purpose == Purpose.OUTCOME) {
            open.decrementAndGet();
            stats.resolved(outcome, nanoTime.getAsLong() - one.sinceNanos);
            stats.open(open.get());
            log.info("outcome: {} of {} timeline {} is {} ({})", one.mark, one.lost.origin().node(), one.lost.origin().timeline(), outcome.word(), outcome.reason().word());
        }
        try {
            one.on.execute(() -> one.promise.complete(outcome));
        } catch (java.util.concurrent.RejectedExecutionException gone) {
            one.promise.complete(outcome);   // The event loop has ended, and its clients with it.
        }
    }
}
