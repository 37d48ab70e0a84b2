package org.pgkeel.bench.scenario;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.pgkeel.bench.accounting.CompilerThreads;
import org.pgkeel.bench.accounting.CpuTime;
import org.pgkeel.bench.accounting.ProcessTree;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.Processes;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.report.Sample;
import org.pgkeel.bench.report.Statistics;

/// Runs pgbench once against one target, with the operating system's clocks read at its progress lines.
final class PgbenchRun {
    private static final int THREADS = 2;
    private static final int ERROR_LINES = 8;
    /// Beyond its own duration; a thousand SCRAM logins take some seconds, and a hung proxy must not hang the bench.
    private static final Duration GRACE = Duration.ofSeconds(60);
    private static final String LOG_PREFIX = "latency";

    private final PostgresServer postgres;
    private final Path logFolder;
    private final Function<Target, String> databaseOf;

    /// @param logFolder  best on a tmpfs: pgbench writes latencies into it
    /// @param databaseOf where the clients of a target work
    PgbenchRun(PostgresServer postgres, Path logFolder, Function<Target, String> databaseOf) {
        this.postgres = postgres;
        this.logFolder = logFolder;
        this.databaseOf = databaseOf;
    }

    /// What a run of this kind leaves behind in the tables would slow the next one down.
    void tidy(Workload workload, Target target) throws IOException {
        if (workload.script() != Workload.Script.TPC_B) return;
        String database = databaseOf.apply(target);
        postgres.sql(database, "truncate pgbench_history");
        postgres.sql(database, "vacuum pgbench_branches, pgbench_tellers, pgbench_accounts");
    }

    /// A pgbench that runs until it is told to end (SIGALRM), with progress lines and no log of latencies.
    ProcessBuilder endless(Workload workload, Target target) {
        return builder(command(workload, target, List.of("--time=" + Integer.MAX_VALUE)));
    }

    /// @throws IOException if pgbench failed, with what it said
    Sample measure(Workload workload, Target target, int round, Duration time) throws IOException {
        tidy(workload, target);
        var window = new Window(time);
        // pgbench counts its time from before it connects, which with a thousand clients takes longer than the run: it is told when to end.
        String said = run(workload, target, List.of("--time=" + time.plus(GRACE).toSeconds()), time, window);
        if (!window.hasTransactions()) throw new IOException("pgbench ended before there was anything to measure:\n  " + said);
        Window.Moment from = window.first();
        Window.Moment to = window.last();
        double[] latencies = TransactionLog.read(logFolder, LOG_PREFIX, from.epochMicros(), to.epochMicros());
        return new Sample(workload.name(), target.name(), round, window.perSecond(),
                to.proxy().minus(from.proxy()).per(window.transactions()),
                to.compiler().minus(from.compiler()).per(window.transactions()),
                to.postgres().minus(from.postgres()).per(window.transactions()),
                Statistics.percentile(50, latencies), Statistics.percentile(99, latencies), window.failed());
    }

    /// Runs a fixed number of transactions, unmeasured.
    void warmUp(Workload workload, Target target, long transactions) throws IOException {
        run(workload, target, List.of("--transactions=" + Math.ceilDiv(transactions, workload.clients())), Duration.ofMinutes(3), new Window(Duration.ofHours(1)));
        TransactionLog.read(logFolder, LOG_PREFIX, Long.MAX_VALUE, Long.MAX_VALUE);
    }

    /// @return the end of what pgbench said
    private String run(Workload workload, Target target, List<String> length, Duration time, Window window) throws IOException {
        var options = new ArrayList<>(length);
        options.addAll(List.of("--log", "--log-prefix=" + LOG_PREFIX));
        if (workload.logged() < 1) options.add("--sampling-rate=" + String.format(Locale.ROOT, "%.2f", workload.logged()));
        Process pgbench = builder(command(workload, target, options)).start();
        Deque<String> said = new ArrayDeque<>();
        Thread watchdog = Thread.ofVirtual().start(() -> endAfter(pgbench, time.plus(GRACE).plus(GRACE)));
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(pgbench.getInputStream(), StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                Optional<Progress> progress = Progress.parse(line);
                if (progress.isPresent() && !window.isOver()) {
                    window.add(progress.get(), now(target));
                    if (window.isOver()) endGracefully(pgbench);
                }
                said.add(line);
                if (said.size() > ERROR_LINES) said.removeFirst();
            }
            if (!pgbench.waitFor(GRACE.toSeconds(), TimeUnit.SECONDS) || pgbench.exitValue() != 0) {
                throw new IOException("pgbench failed:\n  " + String.join("\n  ", said));
            }
            return String.join("\n  ", said);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            watchdog.interrupt();
            Processes.stop(pgbench, Duration.ofSeconds(5));
        }
    }

    private ProcessBuilder builder(List<String> command) {
        var builder = new ProcessBuilder(command).redirectErrorStream(true).directory(logFolder.toFile());
        builder.environment().put("PGPASSWORD", PostgresServer.PASSWORD);
        builder.environment().put("PGSSLMODE", "disable");
        builder.environment().put("PGGSSENCMODE", "disable");
        return builder;
    }

    private Window.Moment now(Target target) {
        long nanos = System.nanoTime();
        long epochMicros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        OptionalLong pid = target.proxyPid();
        CpuTime proxy = pid.isPresent() ? ProcessTree.cpuTime(pid.getAsLong()) : CpuTime.ZERO;
        CpuTime compiler = pid.isPresent() && target.code() == Target.Code.JVM ? CompilerThreads.cpuTime(pid.getAsLong()) : CpuTime.ZERO;
        return new Window.Moment(nanos, epochMicros, proxy, compiler, ProcessTree.cpuTime(postgres.pid()));
    }

    private List<String> command(Workload workload, Target target, List<String> options) {
        var command = new ArrayList<String>(List.of(postgres.bin() + "/pgbench",
                "--host=127.0.0.1", "--port=" + target.port(), "--username=" + PostgresServer.USER,
                "--no-vacuum", "--progress=1", "--protocol=" + workload.protocol(),
                "--client=" + workload.clients(), "--jobs=" + Math.min(THREADS, workload.clients()),
                "--builtin=" + switch (workload.script()) {
                    case SELECT_ONLY -> "select-only";
                    case TPC_B -> "tpcb-like";
                }));
        if (workload.sessions() == Workload.Sessions.ONE_PER_TRANSACTION) command.add("--connect");
        command.addAll(options);
        command.add(databaseOf.apply(target));
        return command;
    }

    /// SIGALRM is how pgbench itself ends a run: transactions under way are finished, sessions closed.
    private static void endGracefully(Process pgbench) throws IOException {
        new ProcessBuilder("kill", "-ALRM", Long.toString(pgbench.pid())).start();
    }

    private static void endAfter(Process process, Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) process.destroyForcibly();
        } catch (InterruptedException ended) {
            // The run is over.
        }
    }
}
