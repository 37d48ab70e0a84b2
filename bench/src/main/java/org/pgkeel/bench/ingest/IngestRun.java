package org.pgkeel.bench.ingest;

import java.io.IOException;
import java.time.Duration;
import org.HdrHistogram.Histogram;
import org.pgkeel.bench.accounting.CompilerThreads;
import org.pgkeel.bench.accounting.CpuTime;
import org.pgkeel.bench.accounting.ProcessTree;
import org.pgkeel.bench.accounting.ResidentMemory;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.client.WireClient;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.report.Sample;

/// One run of one workload against one contender: the clients connect, warm up, are measured for a time, and stop; then the rows
/// in the table are counted, and the table is emptied.
///
/// Threading: confined to one thread.
final class IngestRun implements AutoCloseable {
    private static final Duration WARM_UP = Duration.ofSeconds(1);
    private static final Duration LAST_ANSWERS_LIMIT = Duration.ofSeconds(30);
    private static final Duration SQL_LIMIT = Duration.ofMinutes(2);
    private static final long MEMORY_EVERY_MILLIS = 250;

    private final PostgresServer postgres;
    private final WireClient control;

    IngestRun(PostgresServer postgres) throws IOException {
        this.postgres = postgres;
        this.control = WireClient.connect(postgres.port(), new Login("postgres", PostgresServer.PASSWORD, PostgresServer.DATABASE), SQL_LIMIT);
    }

    private record Moment(long nanos, long rows, long wal, CpuTime proxy, CpuTime compiler, CpuTime postgres, CpuTime own) {}

    /// @param rowsPerSecond 0 for as many as go
    /// @throws IOException if it failed, or the table does not hold what was acknowledged
    Figures measure(Workload workload, Contender contender, int round, Duration time, double rowsPerSecond) throws IOException, InterruptedException {
        Manner manner = contender.manner(workload);
        try (Storm storm = Storm.open(contender.target().port(), postgres.login(), manner, contender.connections(workload), rowsPerSecond)) {
            storm.start();
            Thread.sleep(WARM_UP);
            Moment first = moment(storm, contender);
            storm.takeLatencies();
            long resident = watchMemory(contender, System.nanoTime() + time.toNanos());
            Histogram latencies = storm.takeLatencies().copy();
            Moment last = moment(storm, contender);
            boolean stopped = storm.stop(LAST_ANSWERS_LIMIT);
            if (storm.failures() > 0) throw new IOException(storm.failures() + " rows failed, the first with " + storm.firstFailure());
            if (!stopped) throw new IOException("clients without an answer for " + LAST_ANSWERS_LIMIT);
            compareWithTable(storm);
            return figures(workload, contender, round, first, last, latencies, resident);
        } finally {
            control.queryValue("truncate events; select 1");
        }
    }

    /// Lets a proxy's JVM compile what it will do.
    void warmUp(Workload workload, Contender contender, long rows, Duration limit) throws IOException, InterruptedException {
        try (Storm storm = Storm.open(contender.target().port(), postgres.login(), contender.manner(workload), contender.connections(workload), 0)) {
            storm.start();
            long deadline = System.nanoTime() + limit.toNanos();
            while (storm.rows() < rows && System.nanoTime() < deadline && storm.failures() == 0) Thread.sleep(MEMORY_EVERY_MILLIS);
            if (!storm.stop(LAST_ANSWERS_LIMIT) || storm.failures() > 0) throw new IOException("warm-up of " + contender.name() + ": " + storm.firstFailure());
        } finally {
            control.queryValue("truncate events; select 1");
        }
    }

    void checkpoint() throws IOException {
        postgres.sql(PostgresServer.DATABASE, "checkpoint");
    }

    private Moment moment(Storm storm, Contender contender) throws IOException {
        long wal = Long.parseLong(control.queryValue("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"));
        CpuTime proxy = contender.proxyPid().isPresent() ? ProcessTree.cpuTime(contender.proxyPid().getAsLong()) : CpuTime.ZERO;
        CpuTime compiler = contender.proxyPid().isPresent() && contender.target().code() == Target.Code.JVM
                ? CompilerThreads.cpuTime(contender.proxyPid().getAsLong()) : CpuTime.ZERO;
        CpuTime postgresTime = ProcessTree.cpuTime(postgres.pid());
        CpuTime own = ProcessTree.ownCpuTime(ProcessHandle.current().pid());
        return new Moment(System.nanoTime(), storm.rows(), wal, proxy, compiler, postgresTime, own);
    }

    private static long watchMemory(Contender contender, long untilNanos) throws IOException, InterruptedException {
        long most = 0;
        while (true) {
            if (contender.proxyPid().isPresent()) most = Math.max(most, ResidentMemory.bytes(contender.proxyPid().getAsLong()));
            long left = untilNanos - System.nanoTime();
            if (left <= 0) return most;
            Thread.sleep(Duration.ofNanos(Math.min(left, MEMORY_EVERY_MILLIS * 1_000_000)));
        }
    }

    private void compareWithTable(Storm storm) throws IOException {
        long acknowledged = storm.clients().stream().mapToLong(StormClient::acknowledgedRows).sum();
        long there = Long.parseLong(control.queryValue("select count(*) from events"));
        if (there != acknowledged) throw new IOException(acknowledged + " rows were acknowledged, and " + there + " are in the table");
    }

    private static Figures figures(Workload workload, Contender contender, int round, Moment first, Moment last, Histogram latencies, long resident) throws IOException {
        double rows = last.rows - first.rows;
        if (rows == 0 || latencies.getTotalCount() == 0) throw new IOException("no row was acknowledged in the measured time");
        var sample = new Sample(workload.name(), contender.name(), round, rows * 1e9 / (last.nanos - first.nanos),
                last.proxy.minus(first.proxy).per(rows), last.compiler.minus(first.compiler).per(rows), last.postgres.minus(first.postgres).per(rows),
                latencies.getValueAtPercentile(50), latencies.getValueAtPercentile(99), 0);
        return new Figures(sample, latencies.getValueAtPercentile(99.9), (last.wal - first.wal) / rows, last.own.minus(first.own).per(rows).totalMicros(), resident);
    }

    @Override
    public void close() throws IOException {
        control.close();
    }
}
