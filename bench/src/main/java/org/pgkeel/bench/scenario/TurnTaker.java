package org.pgkeel.bench.scenario;

import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgkeel.bench.accounting.CompilerThreads;
import org.pgkeel.bench.accounting.CpuTime;
import org.pgkeel.bench.accounting.ProcessTree;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.report.Sample;
import org.pgkeel.bench.scenario.Signals.Signal;

/// One pgbench that works only while it is its turn, and what its transactions cost. It is stopped (SIGSTOP) where it stands, so whatever its clients
/// have locked stays locked: each needs a database of its own.
///
/// Counted is from its first progress line on, so that logins are not.
///
/// Threading: confined to one thread; another one reads what pgbench prints.
final class TurnTaker {
    private static final Pattern PROCESSED = Pattern.compile("number of transactions actually processed: (\\d+).*");
    private static final Pattern FAILED = Pattern.compile("number of failed transactions: (\\d+).*");
    private static final int LAST_LINES = 8;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /// Replies to what was asked before the stop have come.
    private static final Duration SETTLED = Duration.ofMillis(6);

    /// What all parties have used by now.
    private record Clocks(CpuTime proxy, CpuTime compiler, CpuTime postgres, long nanos) {
        Clocks plus(Clocks other) {
            return new Clocks(proxy.plus(other.proxy), compiler.plus(other.compiler), postgres.plus(other.postgres), nanos + other.nanos);
        }

        Clocks minus(Clocks other) {
            return new Clocks(proxy.minus(other.proxy), compiler.minus(other.compiler), postgres.minus(other.postgres), nanos - other.nanos);
        }
    }

    private final Target target;
    private final long postgresPid;
    private final Signals signals;
    private final Process pgbench;
    private final CompletableFuture<Progress> begun = new CompletableFuture<>();
    private final CompletableFuture<Counts> ended = new CompletableFuture<>();
    private Clocks spent = new Clocks(CpuTime.ZERO, CpuTime.ZERO, CpuTime.ZERO, 0);

    /// What pgbench says at its end.
    private record Counts(long processed, long failed) {}

    private TurnTaker(Target target, long postgresPid, Signals signals, Process pgbench) {
        this.target = target;
        this.postgresPid = postgresPid;
        this.signals = signals;
        this.pgbench = pgbench;
    }

    /// It is its turn until the first progress line; then it is stopped.
    ///
    /// @param pgbench to be started, printing progress lines
    static TurnTaker start(Target target, long postgresPid, Signals signals, ProcessBuilder pgbench) throws IOException, InterruptedException {
        var taker = new TurnTaker(target, postgresPid, signals, pgbench.start());
        try {
            Thread.ofVirtual().start(taker::listen);
            await(taker.begun);
            taker.stop(taker.clocks());
            return taker;
        } catch (IOException | InterruptedException | RuntimeException e) {
            taker.kill();
            throw e;
        }
    }

    private void listen() {
        Deque<String> said = new ArrayDeque<>();
        long processed = -1;
        long failed = 0;
        try (BufferedReader lines = pgbench.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Optional<Progress> progress = Progress.parse(line);
                if (progress.isPresent()) begun.complete(progress.get());
                Matcher all = PROCESSED.matcher(line);
                Matcher bad = FAILED.matcher(line);
                if (all.matches()) processed = Long.parseLong(all.group(1));
                if (bad.matches()) failed = Long.parseLong(bad.group(1));
                said.add(line);
                if (said.size() > LAST_LINES) said.removeFirst();
            }
        } catch (IOException e) {
            said.add(e.toString());
        }
        var failure = new IOException("pgbench failed:\n  " + String.join("\n  ", said));
        begun.completeExceptionally(failure);
        if (processed < 0) ended.completeExceptionally(failure);
        else ended.complete(new Counts(processed, failed));
    }

    private static <T> T await(CompletableFuture<T> what) throws IOException, InterruptedException {
        try {
            return what.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException(e.getCause() == null ? "pgbench said nothing within " + LIMIT : e.getCause().getMessage(), e);
        }
    }

    /// It works for so long.
    void turn(Duration time) throws IOException, InterruptedException {
        Clocks before = clocks();
        signals.send(Signal.CONT, pgbench);
        Thread.sleep(time);
        stop(before);
    }

    private void stop(Clocks before) throws IOException, InterruptedException {
        signals.send(Signal.STOP, pgbench);
        long nanos = System.nanoTime();
        Thread.sleep(SETTLED);
        Clocks after = clocks();
        spent = spent.plus(new Clocks(after.proxy, after.compiler, after.postgres, nanos).minus(before));
    }

    /// The last turn: pgbench ends.
    Sample end(Workload workload, int round) throws IOException, InterruptedException {
        signals.send(Signal.ALRM, pgbench);
        signals.send(Signal.CONT, pgbench);
        Counts counts = await(ended);
        Progress first = await(begun);
        double transactions = counts.processed - first.perSecond() * first.seconds();
        if (transactions <= 0) throw new IOException("pgbench ended before there was anything to measure");
        return new Sample(workload.name(), target.name(), round, transactions * 1e9 / spent.nanos, spent.proxy.per(transactions), spent.compiler.per(transactions),
                spent.postgres.per(transactions), Double.NaN, Double.NaN, counts.failed);
    }

    /// Nothing of it goes on.
    void kill() {
        pgbench.destroyForcibly();
    }

    private Clocks clocks() {
        long proxy = target.proxyPid().orElseThrow();
        return new Clocks(ProcessTree.cpuTime(proxy), CompilerThreads.cpuTime(proxy), ProcessTree.cpuTime(postgresPid), System.nanoTime());
    }
}
