package org.pgkeel.bench.chaos;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.pgkeel.bench.check.Defect;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.LostList;
import org.pgkeel.bench.check.Timelines;
import org.pgkeel.bench.check.Timelines.Begun;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.verdict.Broken;
import org.pgkeel.bench.verdict.Buckets;
import org.pgkeel.bench.verdict.LoadResult;
import org.pgkeel.bench.verdict.Mark;
import org.pgkeel.bench.verdict.Pauses;
import org.pgkeel.bench.verdict.Promises;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.Rules;
import org.pgkeel.bench.verdict.Rules.OutcomeTracking;
import org.pgkeel.bench.verdict.Rules.Replication;
import org.pgkeel.bench.verdict.Tally;
import org.pgkeel.bench.workload.Load;

/// Rounds on one stage: empty tables, work, a disturbance, work until the cluster is whole, and then the judgement.
///
/// Threading: confined to one thread.
final class ChaosRun {
    private static final Duration HEALTHY_LIMIT = Duration.ofSeconds(180);
    /// Longer than a replica takes to start and to be rewound.
    private static final Duration LEFT_BEHIND_AFTER = Duration.ofSeconds(20);
    private static final Duration PAUSE_LIMIT = Duration.ofSeconds(90);
    private static final Duration WARM_UP = Duration.ofSeconds(20);
    private static final Duration BEFORE = Duration.ofMillis(1_000);
    private static final Duration BEFORE_SPREAD = Duration.ofMillis(500);
    private static final Duration AFTER = Duration.ofMillis(500);

    private final Stage stage;
    private final Replication replication;
    private final OutcomeTracking outcome;
    private final Consumer<String> say;
    private final List<LogTail> logs;
    private final UnknownReasons unknown;
    private final Excerpts excerpts = new Excerpts();

    ChaosRun(Stage stage, Replication replication, OutcomeTracking outcome, Consumer<String> say) {
        this.stage = stage;
        this.replication = replication;
        this.outcome = outcome;
        this.say = say;
        this.logs = stage.front().logs().stream().map(LogTail::new).toList();
        this.unknown = new UnknownReasons(stage.front().proxies());
    }

    /// Lets the clients work for a while, so that the first round meets proxies as warm as they are in every other.
    void warmUp() throws Exception {
        makeHealthy(new Moments());
        stage.reset();
        for (Load load : stage.loads()) load.begin();
        Pause.of(WARM_UP);
        pause();
        for (Load load : stage.loads()) load.drain();
    }

    /// @param seed of this round alone
    /// @throws IOException if the cluster does not get well again: the bench is broken, not a promise
    RoundResult round(int number, Disturbance disturbance, long seed) throws Exception {
        long began = System.nanoTime();
        var random = new SplittableRandom(seed);
        var moments = new Moments();
        makeHealthy(moments);
        stage.reset();
        for (LogTail log : logs) log.read();
        stage.directWriter().begin();
        for (Load load : stage.loads()) load.begin();
        long workBegan = System.nanoTime();
        Pause.of(BEFORE.plusMillis(random.nextLong(BEFORE_SPREAD.toMillis())));
        disturbance.run(stage.scene(), moments);
        makeHealthy(moments);
        moments.mark("healthy");
        Pause.of(AFTER);
        long workEnded = System.nanoTime();
        List<String> hung = pause();
        DirectWriter.Seen direct = stage.directWriter().end();
        return judge(number, disturbance, seed, new Times(began, workBegan, workEnded), direct, moments, hung);
    }

    private void makeHealthy(Moments moments) throws IOException {
        stage.cluster().makeHealthy(HEALTHY_LIMIT, LEFT_BEHIND_AFTER, what -> {
            moments.mark("by the bench: " + what);
            say.accept("  by the bench: " + what);
        });
    }

    private record Times(long began, long workBegan, long workEnded) {}

    private List<String> pause() {
        long deadline = System.nanoTime() + PAUSE_LIMIT.toNanos();
        var hung = new ArrayList<String>();
        for (Load load : stage.loads()) {
            Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
            int clients = load.pause(left);
            if (clients > 0) hung.add(load.name() + ": " + clients + " clients still wait");
        }
        return hung;
    }

    private RoundResult judge(int number, Disturbance disturbance, long seed, Times times, DirectWriter.Seen direct, Moments moments, List<String> hung) throws IOException, SQLException {
        var perLoad = new LinkedHashMap<String, List<Operation>>();
        var results = new ArrayList<LoadResult>();
        for (Load load : stage.loads()) {
            List<Operation> operations = load.drain();
            perLoad.put(load.name(), operations);
            var findings = new ArrayList<>(stage.onPrimary(PatroniCluster.APPLICATION, primary -> load.check(operations, primary)));
            findings.addAll(Timelines.check(operations, direct.begun()));
            results.add(new LoadResult(load.name(), Tally.of(operations), findings));
        }
        var lines = new ArrayList<String>();
        for (LogTail log : logs) lines.addAll(log.read());
        if (replication == Replication.ASYNCHRONOUS && !logs.isEmpty()) results.add(lossesLogged(results, lines));
        var broken = new ArrayList<>(Promises.judge(new Rules(replication, outcome, disturbance.errors(), disturbance.connections()), results));
        if (outcome == OutcomeTracking.PIPELINED) broken.addAll(unknown.broken());
        for (String waits : hung) broken.add(new Broken("every question is answered", waits, 1, "no answer within " + PAUSE_LIMIT));
        Pauses pauses = Pauses.of(perLoad, new Pauses.Gap(direct.longestNanos() / 1e6, direct.usualNanos() / 1e6), direct.back(), moments.hidden());
        var marks = new ArrayList<>(moments.marks());
        for (Begun begun : direct.begun()) marks.add(new Mark(begun.sinceNanos(), "timeline " + begun.timeline() + " writes"));
        List<Mark> holds = Holds.in(lines, ChaosRun::nanoTimeOf);
        marks.addAll(holds);
        Buckets buckets = Buckets.of(perLoad.values().stream().flatMap(List::stream).toList(), times.workBegan, times.workEnded);
        boolean planned = disturbance.planned() && direct.back().isPresent();
        var result = new RoundResult(number, disturbance.name(), planned, seed, (times.workEnded - times.workBegan) / 1e9, (System.nanoTime() - times.began) / 1e9, results, pauses, buckets,
                times.workBegan, marks, broken, List.of());
        say.accept(ChaosReport.line(result));
        if (planned) say.accept(ChaosReport.phases(direct.back().get(), holds));
        return result.with(excerpts.of(result, lines));
    }

    private static long nanoTimeOf(LocalDateTime logged) {
        return System.nanoTime() - Duration.between(logged.atZone(ZoneId.systemDefault()), ZonedDateTime.now()).toNanos();
    }

    /// Lost transactions are counted over all workloads, because PgKeel's log does not know workloads.
    private static LoadResult lossesLogged(List<LoadResult> results, List<String> lines) {
        List<Operation> lost = results.stream().flatMap(r -> r.findings().stream()).filter(f -> f.defect() == Defect.LOST).map(Finding::operation).flatMap(Optional::stream).toList();
        List<LostList.Logged> logged = lines.stream().map(LostList::parse).flatMap(Optional::stream).toList();
        return new LoadResult("list of losses", Tally.NOTHING, LostList.check(lost, logged));
    }
}
