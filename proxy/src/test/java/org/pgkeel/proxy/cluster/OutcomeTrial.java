package org.pgkeel.proxy.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.Descent;
import org.pgkeel.failover.outcome.InFlight.StreamEnd;
import org.pgkeel.failover.outcome.NodeAnswer;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.XactStatus;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.cluster.TrialClient.Operation;

/// Real servers are lost in all ways while clients commit, xids are given out again on purpose, and the verdicts of [OutcomeResolver] are
/// compared with the rows that are there. Beside it run the rules that a hurried engineer would write: they must be found wrong, or
/// the trial proves nothing. How many of the commits under way are done already is chance, but for one of each round: its server has committed it,
/// and nobody has heard of that, when the primary is lost.
final class OutcomeTrial implements AutoCloseable {
    /// What happens to the primary.
    enum Event {
        KILL_PROMOTE, LAG_KILL_PROMOTE, IMMEDIATE_PROMOTE, FAST_PROMOTE, KILL_RESTART, IMMEDIATE_RESTART, FAST_RESTART, BACKEND_CRASH,
        /// The server itself is promoted behind its crash: right behind a checkpoint, and after a recovery that nobody could watch.
        CHECKPOINT_KILL_PROMOTE_ITSELF, KILL_RECOVER_PROMOTE_ITSELF,
        /// Its recovery is killed when it has made its checkpoint.
        KILL_INTERRUPT_RESTART,
        CUT, TERMINATE;

        boolean promotes() {
            return this == KILL_PROMOTE || this == LAG_KILL_PROMOTE || this == IMMEDIATE_PROMOTE || this == FAST_PROMOTE;
        }

        boolean staysAlive() {
            return this == CUT || this == TERMINATE;
        }
    }

    /// Of all rounds so far.
    static final class Tally {
        int rounds;
        int promotions;
        int committed;
        int aborted;
        int marked;
        int acknowledged;
        int acknowledgedLost;
        int wrong;
        final Map<String, Integer> unknown = new TreeMap<>();
        final Map<String, Integer> reasons = new TreeMap<>();
        int naiveWrong;
        int positionOnlyWrong;
        final List<String> complaints = new ArrayList<>();

        @Override
        public String toString() {
            return rounds + " rounds, " + promotions + " promotions; in flight: " + committed + " committed, " + aborted + " aborted, unknown " + unknown + ", " + marked
                    + " with a mark; acknowledged: " + acknowledged + ", lost " + acknowledgedLost + "; WRONG: " + wrong + "; wrong without S: " + naiveWrong
                    + ", wrong by position alone: " + positionOnlyWrong + "; reasons " + reasons + (complaints.isEmpty() ? "" : "\n" + String.join("\n", complaints));
        }
    }

    private static final int CLIENTS = 8;
    private static final int BURN = 4000;

    private final SplittableRandom random;
    private final TrialCluster cluster;
    private final BlockingAsker asker = new BlockingAsker("postgres");
    private final ScheduledExecutorService rooms = Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("rooms").factory());
    private final AtomicReference<Optional<NodeAddress>> primary = new AtomicReference<>();
    private final Sightings sightings = new Sightings(ClusterOutcomes.BLIND_MAX);
    private final OutcomeResolver resolver;
    private final NodeWitness witness;
    private final AtomicLong ids = new AtomicLong();
    private final List<TrialClient> clients = new ArrayList<>();
    private final Tally tally = new Tally();

    OutcomeTrial(long seed, TrialCluster cluster) {
        this.random = new SplittableRandom(seed);
        this.cluster = cluster;
        primary.set(Optional.of(cluster.primary()));
        resolver = new OutcomeResolver(primary::get, asker, asker, HistorySource.ofFiles(asker), sightings, OutcomeLimits.DEFAULT, rooms, System::nanoTime);
        List<NodeAddress> nodes = cluster.nodes();
        witness = new NodeWitness(() -> nodes, () -> resolver.open() > 0 || primary.get().isEmpty(), asker, sightings, rooms, System::nanoTime);
        witness.start();
    }

    Tally tally() {
        return tally;
    }

    OutcomeStats stats() {
        return resolver.stats();
    }

    void round(Event event) {
        cluster.awaitStreaming();
        var acknowledged = new ConcurrentLinkedQueue<Operation>();
        var interrupted = new ArrayList<Operation>();
        var verdicts = new ArrayList<CompletionStage<CommitOutcome>>();
        Consumer<Operation> lost = operation -> {
            synchronized (interrupted) {
                interrupted.add(operation);
                verdicts.add(resolver.resolve(operation.lost(), operation.begunNanos(), Runnable::run));
            }
        };
        Operation unheard = commitUnheard();
        List<Thread> threads = start(acknowledged, lost);
        long load = 100 + random.nextInt(300);
        if (event == Event.LAG_KILL_PROMOTE) {
            elapse(load / 2);
            cluster.stopReplication();
            elapse(load / 2);
        } else {
            elapse(load);
        }
        if (event == Event.CHECKPOINT_KILL_PROMOTE_ITSELF) cluster.primaryServer().execute("postgres", "checkpoint");
        happen(event);
        lost.accept(unheard);
        threads.forEach(OutcomeTrial::join);
        if (!event.staysAlive()) {
            if (event.promotes()) cluster.promote();
            else awaitWritable();
            burn();
        }
        primary.set(Optional.of(cluster.primary()));
        List<CommitOutcome> outcomes = verdicts.stream().map(OutcomeTrial::join).toList();
        List<CommitOutcome> kept = acknowledged.stream().map(operation -> join(resolver.check(operation.lost()))).toList();
        Set<Long> truth = truth();
        judge(event, interrupted, outcomes, List.copyOf(acknowledged), kept, truth);
        compareWithHurriedRules(interrupted, List.copyOf(acknowledged), truth);
        tally.rounds++;
        if (event.promotes()) {
            tally.promotions++;
            cluster.replicate();
        }
    }

    private Operation commitUnheard() {
        try {
            return new TrialClient(cluster.primary(), random.split(), ids, _ -> {}, _ -> {})
                    .commitUnheard(id -> cluster.primaryServer().query("postgres", "select count(*) from t where id = " + id).equals("1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Thread> start(ConcurrentLinkedQueue<Operation> acknowledged, Consumer<Operation> interrupted) {
        clients.clear();
        try {
            for (int i = 0; i < CLIENTS; i++) clients.add(new TrialClient(cluster.primary(), random.split(), ids, acknowledged::add, interrupted));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return clients.stream().map(client -> Thread.ofVirtual().start(client::run)).toList();
    }

    private void happen(Event event) {
        if (!event.staysAlive()) primary.set(Optional.empty());
        switch (event) {
            case KILL_PROMOTE, LAG_KILL_PROMOTE -> cluster.killAll();
            case IMMEDIATE_PROMOTE -> cluster.stopImmediately();
            case FAST_PROMOTE -> cluster.stopFast();
            case KILL_RESTART -> {
                cluster.killAll();
                cluster.startAgain();
            }
            case IMMEDIATE_RESTART -> {
                cluster.stopImmediately();
                cluster.startAgain();
            }
            case FAST_RESTART -> {
                cluster.stopFast();
                cluster.startAgain();
            }
            case CHECKPOINT_KILL_PROMOTE_ITSELF -> {
                cluster.killAll();
                promoteItself();
            }
            case KILL_RECOVER_PROMOTE_ITSELF -> {
                cluster.killAll();
                cluster.recoverInSingleUserMode();
                promoteItself();
            }
            case KILL_INTERRUPT_RESTART -> {
                cluster.killAll();
                cluster.interruptRecovery();
                cluster.startAgain();
            }
            case BACKEND_CRASH -> cluster.crashBackend(clients.get(random.nextInt(CLIENTS)).pid());
            case CUT -> clients.forEach(TrialClient::cut);
            case TERMINATE -> cluster.primaryServer().execute("postgres",
                    "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid in ("
                            + String.join(",", clients.stream().map(client -> Integer.toString(client.pid())).toList()) + ")");
        }
    }

    /// As Patroni does it, which looks at the standby at least once before.
    private void promoteItself() {
        cluster.startAsStandby();
        elapse(10 * NodeWitness.URGENT.toMillis());
        cluster.primaryServer().execute("postgres", "select pg_promote()");
    }

    private void awaitWritable() {
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(10)).ignoreExceptions()
                .until(() -> cluster.primaryServer().query("postgres", "select pg_is_in_recovery()").equals("f"));
    }

    /// Gives out the xids again that were lost: each subtransaction takes one.
    private void burn() {
        try (var client = new RawClient(cluster.primary(), "postgres", "postgres", 60_000)) {
            client.query("set synchronous_commit = local");
            client.query("do $$begin for i in 1.." + BURN + " loop begin insert into burnt values (i); exception when division_by_zero then null; end; end loop; end$$");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Set<Long> truth() {
        try (var client = new RawClient(cluster.primary(), "postgres", "postgres", 60_000)) {
            var ids = new HashSet<Long>();
            for (List<String> row : client.query("select id from t")) ids.add(Long.parseLong(row.getFirst()));
            return ids;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void judge(Event event, List<Operation> lost, List<CommitOutcome> outcomes, List<Operation> acknowledged, List<CommitOutcome> kept, Set<Long> truth) {
        for (int i = 0; i < lost.size(); i++) {
            Operation one = lost.get(i);
            if (one.lost().probe() instanceof Probe.Answered) tally.marked++;
            tally.reasons.merge(event.name().toLowerCase(java.util.Locale.ROOT) + ":" + outcomes.get(i).reason().word(), 1, Integer::sum);
            switch (outcomes.get(i)) {
                case CommitOutcome.Committed _ -> {
                    tally.committed++;
                    if (!truth.contains(one.id())) wrong(event, one, outcomes.get(i));
                }
                case CommitOutcome.Aborted _ -> {
                    tally.aborted++;
                    if (truth.contains(one.id())) wrong(event, one, outcomes.get(i));
                }
                case CommitOutcome.Unknown(var reason) -> {
                    tally.unknown.merge(reason.word(), 1, Integer::sum);
                    boolean mayBe = one.form() == TrialClient.Form.ONE_WRITE && reason == CommitOutcome.Reason.MARK_NOT_RECEIVED && one.lost().end() != StreamEnd.IN_ORDER;
                    if (!mayBe) tally.complaints.add(event + ": unknown without need: " + one + " " + reason);
                }
            }
        }
        for (int i = 0; i < acknowledged.size(); i++) {
            tally.acknowledged++;
            boolean there = truth.contains(acknowledged.get(i).id());
            if (!there) tally.acknowledgedLost++;
            switch (kept.get(i)) {
                case CommitOutcome.Committed _ when there -> { }
                case CommitOutcome.Aborted _ when !there -> { }
                case CommitOutcome.Unknown(var reason) -> tally.complaints.add(event + ": acknowledged, unknown: " + acknowledged.get(i) + " " + reason);
                case CommitOutcome.Committed _, CommitOutcome.Aborted _ -> wrong(event, acknowledged.get(i), kept.get(i));
            }
        }
    }

    private void wrong(Event event, Operation one, CommitOutcome outcome) {
        tally.wrong++;
        tally.complaints.add(event + ": WRONG: " + one + " is not " + outcome);
    }

    private void compareWithHurriedRules(List<Operation> lost, List<Operation> acknowledged, Set<Long> truth) {
        var marked = new ArrayList<Operation>();
        for (List<Operation> all : List.of(lost, acknowledged)) {
            for (Operation one : all) if (one.lost().stage() == org.pgkeel.failover.outcome.InFlight.Stage.COMMIT_SENT && mark(one).isPresent()) marked.add(one);
        }
        for (int from = 0; from < marked.size(); from += 1000) {
            List<Operation> some = marked.subList(from, Math.min(from + 1000, marked.size()));
            List<List<String>> rows = join(asker.ask(cluster.primary(), OutcomeQuestions.statuses(some.stream().map(one -> mark(one).orElseThrow().xid()).toList())));
            NodeAnswer answer = OutcomeQuestions.node(cluster.primary(), rows.getFirst());
            if (!(answer.role() instanceof NodeAnswer.Writable now)) throw new IllegalStateException("no primary");
            List<XactStatus> statuses = OutcomeQuestions.answers(rows);
            for (int i = 0; i < some.size(); i++) {
                Operation one = some.get(i);
                boolean there = truth.contains(one.id());
                if ((statuses.get(i) == XactStatus.COMMITTED) != there) tally.naiveWrong++;
                Descent descent = sightings.descent(one.lost().origin(), answer.node(), answer.lifetime(), now, Optional.empty());
                if (isBefore(mark(one).orElseThrow(), descent) != there) tally.positionOnlyWrong++;
            }
        }
    }

    private static boolean isBefore(TransactionMark mark, Descent descent) {
        return switch (descent) {
            case Descent.Switched(Lsn at, _) -> mark.position().compareTo(at) <= 0;
            case Descent.CrashRecovery(Lsn end, _) -> mark.position().compareTo(end) <= 0;
            case Descent.SameLife _, Descent.CleanRestart _, Descent.Untold _, Descent.PerhapsSameLife _ -> true;
            case Descent.Abandoned _ -> false;
        };
    }

    private static Optional<TransactionMark> mark(Operation one) {
        return one.lost().probe() instanceof Probe.Answered(var mark) ? mark : Optional.empty();
    }

    private static void elapse(long millis) {
        Awaitility.await().pollDelay(Duration.ofMillis(millis)).pollInterval(Duration.ofMillis(1)).until(() -> true);
    }

    private static void join(Thread thread) {
        try {
            if (!thread.join(Duration.ofSeconds(60))) throw new IllegalStateException("a client did not end");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(90, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        witness.end();
        rooms.shutdown();
        asker.close();
        cluster.close();
    }
}
